#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The drill of deploy/patroni/ on its own files, as doc/postgresql.md tells people to run it.
set -u
command -v patroni >/dev/null || {
    echo "1..0 # skip patroni is not installed"
    exit 0
}
TAMGA_BUILD=$(dirname "${TAMGA:-build/tamga}") DRILL_SECONDS=${DRILL_SECONDS:-35} deploy/patroni/drill.sh >/tmp/tamga-patroni.$$ 2>&1
status=$?
sed 's/^/# /' "/tmp/tamga-patroni.$$"
rm -f "/tmp/tamga-patroni.$$"
if [ $status -eq 0 ]; then echo 'ok 1 - the drill'; else echo 'not ok 1 - the drill'; fi
echo 1..1
