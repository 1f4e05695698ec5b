#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# node18 - does a plain Debian 12 build the front page's script? Its node is 18.20. Where the machine's own is
# newer, Debian's is unpacked beside it (two versions cannot be installed together) and runs in a
# mount namespace of its own: the types are checked, the bundles made, and they are the same bytes. No package
# of the lock file may ask for more.
set -euo pipefail
cd "$(dirname "$0")/.."

python3 - <<'END'
import json, re, sys
bad = []
for name, package in json.load(open("web/package-lock.json"))["packages"].items():
    wants = package.get("engines", {}).get("node")
    least = re.fullmatch(r">=\s*(\d+)(?:\.(\d+)(?:\.\d+)?)?", wants or ">=0")
    if not least or (int(least[1]), int(least[2] or 0)) > (18, 20):
        bad.append(f"{name or 'web/package.json'} wants node {wants}")
sys.exit("\n".join(bad) or 0)
END

web/build.sh
version=$(node --version)
if [[ $version == v18.* ]]; then
    echo "built by the machine's own $version"
    exit
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "not tried: unpacking Debian's node beside $version needs root (a mount namespace)"
    exit
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
release=$(apt-cache madison libnode108 | awk -F'|' 'NR == 1 { gsub(/ /, "", $2); print $2 }')
[ -n "$release" ] || {
    apt-get update -q
    release=$(apt-cache madison libnode108 | awk -F'|' 'NR == 1 { gsub(/ /, "", $2); print $2 }')
}
mkdir "$dir/packages" "$dir/tree" "$dir/out"
(
    cd "$dir/packages"
    chmod 777 .
    apt-get download -q "nodejs=$release" "libnode108=$release" node-cjs-module-lexer node-acorn \
        node-undici
) >"$dir/log" 2>&1 || {
    cat "$dir/log"
    exit 1
}
for package in "$dir"/packages/*.deb; do
    dpkg -x "$package" "$dir/tree"
done

# shellcheck disable=SC2016
LD_LIBRARY_PATH=$(dirname "$(find "$dir/tree" -name 'libnode.so.108')") unshare -m bash -eu -c '
    mkdir -p /usr/share/nodejs
    mount --bind "$1/tree/usr/share/nodejs" /usr/share/nodejs
    node=$1/tree/usr/bin/node
    [[ $("$node" --version) == v18.* ]]
    cd web
    "$node" node_modules/typescript/bin/tsc --noEmit -p .
    "$node" build.mjs "$1/out"
' _ "$dir"
for made in "$dir"/out/*; do
    cmp "$made" "web/out/${made##*/}"
done
echo "the page is built by node ${release%%+*} as by $version"
