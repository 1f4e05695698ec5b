#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check-long - what takes minutes: threaded tests under ThreadSanitizer, ten times the random
# rounds from a new seed, kill -9 at 500 random points, every fuzz target for FUZZ_SECONDS (120).
# Seeds are printed.
set -uo pipefail
cd "$(dirname "$0")/.."

status=0
echo "== threaded tests under ThreadSanitizer"
CC=clang TAMGA_BUILD=build-tsan TAMGA_SUITE=threaded \
    MESON_OPTIONS="-Db_sanitize=thread -Db_lundef=false" test/run.sh || status=1

echo "== ten times the random rounds"
TAMGA_SEED=${TAMGA_SEED:-$(date +%s)} TAMGA_ROUNDS=${TAMGA_ROUNDS:-20000} TEST_SECONDS=3600 \
    test/run.sh prop || status=1

echo "== kill -9 at 500 random points"
TAMGA_KILL_ROUNDS=${TAMGA_KILL_ROUNDS:-500} TEST_SECONDS=7200 test/run.sh e2e/kill e2e/cases_kill e2e/bulk_kill || status=1

echo "== fuzz"
FUZZ_SECONDS=${FUZZ_SECONDS:-120} test/fuzz/run.sh || status=1
[ $status -eq 0 ] && echo "check-long: all good" || echo "check-long: FAILED"
exit $status
