#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# deps FILE... - sees whether the Debian packages that the files name are installed; when some are
# not, says which and installs them with apt-get (through sudo when not root).
set -euo pipefail

missing=()
while read -r package; do
    state=$(dpkg-query -W -f='${db:Status-Status} ' "$package" 2>/dev/null || true)
    [[ " $state" == *" installed "* ]] || missing+=("$package")
done < <(sed 's/#.*//' "$@" | tr -s ' \t' '\n\n' | grep -v '^$' | sort -u)

[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "Missing packages, and neither root nor sudo to install them: ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "Installing with apt-get: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}"
