#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check - what must hold before a change goes in: both compilers clean with -Werror, the layers,
# every script readable by bash, all tests under AddressSanitizer and UBSan, the programs of `make bench`. Ends with one line
# "N passed, N failed". TAMGA_ROUNDS is smaller here: the sanitizers are slow.
set -uo pipefail
cd "$(dirname "$0")/.."

passed=0
failed=0
step() { # NAME COMMAND...
    local name=$1
    shift
    echo "== $name"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $name"
    fi
}

scripts_parse() {
    local bad=0 script
    while read -r script; do
        head -1 "$script" | grep -q 'bash' || continue
        bash -n "$script" || bad=1
    done < <(git ls-files -co --exclude-standard -- '*.sh' '*.t' .ci/run)
    return $bad
}

layers() {
    test/layers.sh >"$out"
    local status=$?
    grep -v '^ok' "$out"
    return $status
}

formatted() {
    git ls-files -co --exclude-standard -- '*.c' '*.h' | xargs clang-format --dry-run -Werror
}

# The directory of the tests will do when it was configured so.
gcc_build() {
    if grep -qs '(gcc ' build/meson-logs/meson-log.txt && grep -qs -e ' -Werror ' build/compile_commands.json; then
        tools/build.sh build all tests
        return
    fi
    CC=gcc MESON_OPTIONS="-Dwerror=true" tools/build.sh build-gcc all tests
}

sanitized_tests() {
    CC=clang TAMGA_BUILD=build-asan TAMGA_ROUNDS=${TAMGA_ROUNDS:-500} TAMGA_KILL_ROUNDS=20 \
        TAMGA_CACHE_NODES=50 TAMGA_BROWSER=no TAMGA_DRILLS=no \
        MESON_OPTIONS="-Dwerror=true -Db_sanitize=address,undefined -Db_lundef=false
        -Dc_args=-fno-sanitize-recover=all" test/run.sh >"$out" 2>&1
    local status=$?
    grep -v '^ok ' "$out"
    counts=$(tail -1 "$out")
    return $status
}

# `make bench` builds them when it is asked for; what they call may have changed since.
bench_programs() {
    CC=clang tools/build.sh build-asan bench-programs
}

out=$(mktemp)
trap 'rm -f "$out"' EXIT
counts="0 passed, 0 failed"
step "scripts parse" scripts_parse
step "clang-format (make format)" formatted
step "layers, sizes, licences" layers
step "gcc -Werror" gcc_build
step "the page as Debian's node 18 builds it" test/node18.sh
step "clang -Werror, tests under ASan and UBSan" sanitized_tests
step "the programs of make bench" bench_programs

read -r ok _ bad _ <<<"$counts"
# The step of the tests counts as its cases.
echo "$((passed + ok)) passed, $((failed + bad)) failed"
[ "$failed" -eq 0 ]
