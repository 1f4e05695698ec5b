#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run [NAME...] - builds, runs every test and ends with one line "N passed, N failed" that counts
# single cases. Names (as printed, or parts of them) run some. The output of a program with a
# failure is shown, the rest is summed up; VERBOSE=1 shows all.
#
# TAMGA_BUILD   build directory (build); MESON_OPTIONS when it has to be made
# TAMGA_SUITE   run only this suite of test/meson.build, and no scripts
# TAMGA_TEST_POSTGRES  postgresql://HOST:PORT of a server to use, without a database, by a user who may
#               make databases; one of Debian's package is started when it is not given
# TAMGA_DRILLS  no: without the tests in which PostgreSQL servers or many writers are killed
# TAMGA_BROWSER no: without the tests that need a browser
# TAMGA_AGAIN   how many scripts and pages that failed beside others may be asked once more, alone (3; 0 when names
#               are given): what a busy machine did to a clock is no fault of the product. Each is shown as UNSTEADY.
set -uo pipefail
cd "$(dirname "$0")/.."

dir=${TAMGA_BUILD:-build}
log=$(mktemp -d "${TMPDIR:-/tmp}/tamga-test.XXXXXX")
tidy() {
    [ ! -d "$log/postgres" ] || test/postgres.sh stop "$log/postgres" || true
    rm -rf "$log"
}
trap tidy EXIT
export TAMGA=$PWD/$dir/tamga
export CMOCKA_MESSAGE_OUTPUT=TAP
# Freed memory is kept from use until there are 64 MB of it: the check for leaks at the end walks through all.
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=0:detect_leaks=1:detect_stack_use_after_return=1:quarantine_size_mb=64}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}

out=$log/out
passed=0
failed=0

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

wanted() { # NAME PATTERN...
    local name=$1 pattern
    shift
    [ $# -eq 0 ] && return 0
    for pattern in "$@"; do
        [[ $name == *"$pattern"* ]] && return 0
    done
    return 1
}

# Runs one program that speaks TAP. A program that dies, or runs fewer cases than it planned, is
# a failed case more. Leaves its counts in ok and bad.
run_tap() { # NAME COMMAND...
    local name=$1 status started
    shift
    started=$(date +%s%N)
    timeout "${TEST_SECONDS:-900}" "$@" >"$out" 2>&1 </dev/null
    status=$?
    read -r ok bad < <(awk '
        /^ok / { ok++ }
        /^not ok / { if (/# *(TODO|SKIP)/) ok++; else bad++ } # cmocka says "not ok" of what it skips
        /^1\.\.[0-9]+/ { planned += substr($1, 4) }
        /^Bail out!/ { bad++ }
        END { print ok + 0, bad + (planned > ok + bad ? planned - ok - bad : 0) }' "$out")
    if [ "$bad" -eq 0 ] && { [ $status -ne 0 ] || [ "$ok" -eq 0 ]; } &&
        ! { [ $status -eq 0 ] && grep -qE '^(1\.\.0|Result: NOTESTS)' "$out"; }; then
        bad=1
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
    if [ "$bad" -gt 0 ]; then
        sed 's/^/    /' "$out" | tail -n "${TEST_LINES:-200}"
        echo "FAILED $name: $bad of $((ok + bad)) (exit $status)"
    else
        [ -n "${VERBOSE:-}" ] && sed 's/^/    /' "$out"
        printf 'ok     %-32s %5d  %6d ms\n' "$name" "$ok" \
            $((($(date +%s%N) - started) / 1000000))
        grep '^# seed' "$out" | sed 's/^# /       /' || true
    fi
}

# Programs of the use cases and of applications, among them the property tests of orders: over PostgreSQL as well.
app_in_postgres='cases/filing cases/hold cases/checks cases/customs people/seal_keys app/sweep app/commit app/batch app/quiet app/verify app/api_key app/order seen/parts seen/feed seen/quality seen/feed_stop clones/find clones/open clones/decide seen/history seen/retention seen/finder held/export seen/notices app/notices_set'

# ---- what there is to run: one line each, NAME|settings for it|its program ----

programs() {
    local name exe suite
    while IFS=$'\t' read -r name exe suite; do
        [ -z "${TAMGA_SUITE:-}" ] || [ "$suite" = "$TAMGA_SUITE" ] || continue
        printf '%s||%s\n' "$name" "$exe"
        [[ " $app_in_postgres " == *" $name "* ]] && [ -z "${TAMGA_SUITE:-}" ] &&
            printf '%s in postgres|%s|%s\n' "$name" \
                "TAMGA_TEST_BACKEND=postgres TAMGA_ROUNDS=${TAMGA_POSTGRES_ROUNDS:-30}" "$exe"
    done < <(meson introspect --tests "$dir" | python3 -c '
import json, sys
for t in json.load(sys.stdin):
    print(t["name"], t["cmd"][0], t["suite"][0].split(":")[-1], sep="\t")')
}

# Scripts that speak to a register as its users do: run over both backends.
in_postgres='agree bulk cases_kill clones corrections days expiry_hold export feed groups guards keys kill lookup node_keys notices notices_push papers present processes seal_rotation seen sightings sightings_rows sources sweeps two_person uploads retention'
scripts() {
    local script
    for script in test/e2e/*.t; do
        printf '%s||prove -v -e "" %s\n' "${script#test/}" "$script"
    done
    for script in $in_postgres; do
        printf 'e2e/%s.t in postgres|%s|prove -v -e "" test/e2e/%s.t\n' "$script" \
            "TAMGA_TEST_BACKEND=postgres TAMGA_KILL_ROUNDS=${TAMGA_KILL_ROUNDS:-8}" "$script"
    done
}

is_drill() { # NAME
    case $1 in
    e2e/failover.t | e2e/several.t | e2e/pitr.t | e2e/kill.t\ * | e2e/cases_kill.t\ * | e2e/processes.t\ *) return 0 ;;
    esac
    return 1
}

corpora() {
    local exe name corpora
    for exe in "$dir"/test/fuzz_*; do
        [ -x "$exe" ] && [ -f "$exe" ] || continue
        name=${exe##*/fuzz_}
        corpora=test/fuzz/corpus/$name
        [ -d "$corpora" ] && printf 'fuzz/%s||%s %s\n' "$name" "$exe" "$corpora"
    done
}

# Pages in Debian's Chromium. They need web/'s npm packages, which the build brings. A test that names parts in its
# head runs in as many pieces, which lanes take side by side; without an argument it is whole.
browser() {
    local script name part parts
    for script in test/browser/*.mjs; do
        grep -q '^await test(' "$script" || continue # a module
        name=${script#test/}
        parts=$(sed -n 's|^// Parts: ||p' "$script")
        for part in ${parts:-whole}; do
            case $part in
            whole) printf '%s||node %s\n' "${name%.mjs}" "$script" ;;
            *) printf '%s %s||node %s %s\n' "${name%.mjs}" "$part" "$script" "$part" ;;
            esac
        done
    done
}

# Does a clock decide in it, so that what else runs may spoil it? A unit test knows no clock but its own.
has_clock() { # NAME
    case $1 in
    e2e/* | browser/*) return 0 ;;
    esac
    return 1
}

# All of it that was asked for, what takes longest at the head.
plan() { # PATTERN...
    local name rest
    {
        if [ -n "${TAMGA_SUITE:-}" ]; then
            programs
        else
            [ "${TAMGA_BROWSER:-}" = no ] || browser
            scripts
            programs
            corpora
        fi
    } | while IFS= read -r rest; do
        name=${rest%%|*}
        wanted "$name" "$@" || continue
        [ "${TAMGA_DRILLS:-}" = no ] && is_drill "$name" && continue
        printf '%s\n' "$rest"
    done
}

# Of these a core sees a third of the time or less: they wait for sources that are silent, for limits that end, for servers
# that take over. The longest at the head.
waits='e2e/sources_apart.t e2e/patroni.t e2e/sources.t e2e/http.t e2e/portal_sessions.t e2e/moves.t e2e/eir.t e2e/eir_settings.t
    e2e/proxies.t e2e/failover.t e2e/run.t e2e/several.t e2e/eir_hostile.t e2e/portal_away.t e2e/eir_log.t e2e/second_gsma.t'
waiting() { # PLAN
    local name
    for name in $waits; do
        grep -F -e "$name|" -e "$name in postgres|" "$1"
    done
}

tools/build.sh "$dir" all tests || {
    echo "The build failed."
    failed=1
    finish
}

if [ -z "${TAMGA_TEST_POSTGRES:-}" ]; then
    chmod 755 "$log" # PostgreSQL may run as another user
    TAMGA_TEST_POSTGRES=$(test/postgres.sh start "$log/postgres") || {
        failed=1
        finish
    }
    export TAMGA_TEST_POSTGRES
fi

# Lanes side by side take the next one each: as many as there are cores begin with what computes; two more begin with
# what waits for a clock, a server or a time-out, so that neither kind is left over for the end. When nothing that
# waits is left, one of the two goes on with the rest. A lane counts for itself.
lane() { # NUMBER LIST...
    local number=$1 list name settings program
    out=$log/out.$number
    shift
    for list in "$@"; do
        while { flock 8 && IFS='|' read -r name settings program <&"$list"; flock -u 8; [ -n "$name" ]; }; do
            run_tap "$name" env $settings bash -c "exec $program" 7<&- 8>&- 9<&-
            [ "$bad" -eq 0 ] || ! has_clock "$name" || printf '%s %s|%s|%s|%s\n' \
                "$ok" "$bad" "$name" "$settings" "$program" >>"$log/again"
        done
    done
    echo "$passed $failed" >"$log/count.$number"
}

plan "$@" >"$log/plan"
waiting "$log/plan" >"$log/waiting"
grep -vxFf "$log/waiting" "$log/plan" >"$log/computing"
exec 7<"$log/waiting" 9<"$log/computing"
pids=()
cores=$(nproc)
lanes=$(seq "${TAMGA_LANES:-$((cores + 2))}")
for name in $lanes; do
    (
        trap - EXIT
        exec 8>"$log/lock"
        case $((name - cores)) in
        1) lane "$name" 7 9 ;;
        2) lane "$name" 7 ;;
        *) lane "$name" 9 7 ;;
        esac
    ) &
    pids+=($!)
done
wait "${pids[@]}"
for name in $lanes; do
    read -r ok bad <"$log/count.$name" || { # it died before it had counted
        ok=0
        bad=1
    }
    passed=$((passed + ok))
    failed=$((failed + bad))
done

# What failed beside others, alone: when it passes it is shown, and counts as it went now. More than a few are no chance.
again() {
    local counts name settings program was_ok was_bad
    [ -s "$log/again" ] && [ "$(wc -l <"$log/again")" -le "$most_again" ] || return 0
    exec 7<&- 9<&-
    out=$log/out.again
    while IFS='|' read -r counts name settings program <&6; do
        read -r was_ok was_bad <<<"$counts"
        passed=$((passed - was_ok))
        failed=$((failed - was_bad))
        echo "AGAIN  $name, alone"
        run_tap "$name" env $settings bash -c "exec $program" 6<&-
        [ "$bad" -gt 0 ] || echo "UNSTEADY $name: $was_bad of its cases failed beside others, all passed alone"
    done 6<"$log/again"
}
most_again=${TAMGA_AGAIN:-$([ $# -eq 0 ] && echo 3 || echo 0)}
again
finish
