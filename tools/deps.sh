#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# deps FILE... - sees whether the Debian packages that the files name are installed; when some are
# not, says which and installs them with apt-get (through sudo when not root).
# `nodejs ?node` asks for a package only where there is no such command: a newer node than Debian's
# conflicts with it.
set -euo pipefail

missing=()
while read -r package command; do
    [ -z "$command" ] || ! command -v "${command#\?}" >/dev/null || continue
    state=$(dpkg-query -W -f='${db:Status-Status} ' "$package" 2>/dev/null || true)
    [[ " $state" == *" installed "* ]] || missing+=("$package")
done < <(sed 's/#.*//' "$@" | grep '[^[:space:]]' | sort -u)

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
