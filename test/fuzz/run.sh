#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run [NAME...] - fuzzes every target for FUZZ_SECONDS (30) from its corpus, with libFuzzer and
# AddressSanitizer. What it finds on the way goes to build-fuzz/found/NAME; crashes are kept in
# build-fuzz/crash-NAME-*: put one into test/fuzz/corpus/NAME and `make test` replays it for ever.
set -uo pipefail
cd "$(dirname "$0")/../.."

dir=build-fuzz
CC=clang MESON_OPTIONS="-Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
-Dc_args=-fsanitize=fuzzer-no-link" tools/build.sh $dir fuzzers || exit 1

status=0
for exe in "$dir"/test/fuzz_*; do
    [ -x "$exe" ] && [ -f "$exe" ] || continue
    name=${exe##*/fuzz_}
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    mkdir -p "$dir/found/$name" "test/fuzz/corpus/$name"
    if "$exe" -max_total_time="${FUZZ_SECONDS:-30}" -max_len=8192 -timeout=10 -rss_limit_mb=2048 \
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
