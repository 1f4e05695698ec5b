#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run [NAME...] - fuzzes every target for FUZZ_SECONDS (30) from its corpus, with libFuzzer and
# AddressSanitizer. What it finds on the way goes to build-fuzz/found/NAME; crashes are kept in
# build-fuzz/crash-NAME-*: put one into test/fuzz/corpus/NAME and `make test` replays it for ever.
# Corpora are kept small: -merge=1 -set_cover_merge=1 -use_counters=0 DIR build-fuzz/found/NAME.
set -uo pipefail
cd "$(dirname "$0")/../.."

dir=build-fuzz
CC=clang MESON_OPTIONS="-Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
-Dc_args=-fsanitize=fuzzer-no-link" tools/build.sh $dir fuzzers || exit 1

# Freed memory is kept from use long enough for an input, short enough to stay in the cache.
export ASAN_OPTIONS=${ASAN_OPTIONS:-quarantine_size_mb=4:malloc_context_size=4}
status=0
for exe in "$dir"/test/fuzz_*; do
    [ -x "$exe" ] && [ -f "$exe" ] || continue
    name=${exe##*/fuzz_}
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    mkdir -p "$dir/found/$name" "test/fuzz/corpus/$name"
    if "$exe" -max_total_time="${FUZZ_SECONDS:-30}" -entropic=0 -max_len=8192 -timeout=60 -rss_limit_mb=2048 \
        -artifact_prefix="$dir/crash-$name-" -verbosity=0 -print_final_stats=1 \
        "$dir/found/$name" "test/fuzz/corpus/$name" >"$dir/$name.log" 2>&1; then
        echo "ok $name: $(awk '/number_of_executed_units/ { print $2 }' "$dir/$name.log") inputs"
    else
        tail -40 "$dir/$name.log"
        echo "FAILED fuzz/$name"
        status=1
    fi
done
exit $status
