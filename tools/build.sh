#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build DIR [TARGET...] - configures DIR when it is not, and builds. Options of meson for a new DIR
# come in MESON_OPTIONS. Leaves DIR/tamga and DIR/tamga-eir.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$1
shift
read -r -d '' -a options <<<"${MESON_OPTIONS:-}" || true # words, over any number of lines

# A directory that was configured before the packages of the tests were there knows no tests.
if [[ " $* " == *" tests "* ]] && [ -f "$dir/build.ninja" ] && ! grep -q cmocka "$dir/build.ninja"
then
    rm -rf "$dir"
fi
web/build.sh
if [ ! -f "$dir/build.ninja" ]; then
    rm -rf "$dir"
    meson setup "$dir" "${options[@]}" >"$dir.log" 2>&1 || {
        cat "$dir.log"
        exit 1
    }
    mv "$dir.log" "$dir/setup.log"
fi
if [ ! -x "$dir/src/tamga" ]; then
    echo "Building $dir (the first time takes some minutes) ..."
fi
ninja -C "$dir" --quiet "$@" | { grep -v '^ninja: no work to do' || true; }
if [ -x "$dir/src/tamga" ]; then
    ln -sf src/tamga "$dir/tamga"
fi
if [ -x "$dir/src/tamga-eir" ]; then
    ln -sf src/tamga-eir "$dir/tamga-eir"
fi
