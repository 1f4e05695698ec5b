#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build - the script of the front page, from TypeScript to web/out/. Asks the network only when the lock
# file changed. Without node, or without its packages and no way to get them, web/out/ holds empty
# files: the program is made all the same, and its pages work without a script.
set -euo pipefail
cd "$(dirname "$0")"

outputs=(portal-kk.js portal-ru.js portal-en.js sign-kk.js sign-ru.js sign-en.js files-kk.js files-ru.js files-en.js scan.js zxing_reader.wasm)
mkdir -p out

without() { # WHY
    echo "The pages go without their script: $1."
    for name in "${outputs[@]}"; do
        [ -e "out/$name" ] || : >"out/$name"
    done
    exit 0
}

# So that two builds side by side do not pull the packages from under each other.
exec 9>out/.lock
flock 9

command -v node >/dev/null && command -v npm >/dev/null || without "node and npm are not installed"
if ! cmp -s package-lock.json node_modules/.installed-lock; then
    npm ci --ignore-scripts --silent --no-progress >out/npm.log 2>&1 ||
        without "npm ci failed ($(tail -1 out/npm.log))"
    cp package-lock.json node_modules/.installed-lock
fi

made=$(cat build.mjs src/* ../text/*.json package-lock.json | sha256sum)
[ "$made" != "$(cat out/.made 2>/dev/null)" ] || exit 0
node_modules/.bin/tsc --noEmit -p .
node build.mjs out
echo "$made" >out/.made
