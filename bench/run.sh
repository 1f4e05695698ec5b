#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run [ROW...] - measures what `make bench` promises and prints one table; asserts nothing. How each
# number is made: doc/bench.md. Rows: judge index import registers writes postgres filing bulk http feed seen seenskew
# seenflat seenpg seensql lists second suspend beside page eir eircost full.
#
# BENCH_DIR     where the registers are made (/var/tmp/tamga-bench): the disk that is measured;
#               12 GB free, with BENCH_FULL=1 25 GB
# BENCH_FULL=1  the 50 M row too (row `full`)
# BENCH_KEEP=1  leaves the registers and lists there
# BENCH_SCALE   10000000: IMEIs of the great lists (smaller: to try the script, not to measure)
# TAMGA_BUILD   build directory (build)
set -uo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C

build=${TAMGA_BUILD:-build}
tools/build.sh "$build" all bench-programs || exit 1
[ ! -e /usr/include/freeDiameter ] || ninja -C "$build" test/fd_s13.fdx >/dev/null || exit 1
top=$PWD
bench=$PWD/bench
tamga=$PWD/$build/tamga
programs=$PWD/$build/bench/bench_
dir=${BENCH_DIR:-/var/tmp/tamga-bench}/run
scale=${BENCH_SCALE:-10000000}
seed=20250325
result=$PWD/$build/bench.txt
mkdir -p "$dir" && cd "$dir" || exit 1
rm -rf ./*
table=$dir/table
: >"$table"
trap '[ -n "${BENCH_KEEP:-}" ] || rm -rf "$dir"' EXIT
unset TAMGA_REGISTER TAMGA_KEY TAMGA_ACTOR

# ---- small tools ----

say() {
    echo "$(date +%T) $*" >&2
}

value() { # KEY "key=value ...": the value, nothing when there is none
    sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" <<<"$2" | head -1
}

calc() { # EXPRESSION of awk; nothing when something in it was not measured
    awk "BEGIN { printf \"%.6g\", $1 }" </dev/null 2>/dev/null
}

human() { # NUMBER: 1234567 -> 1.23 M
    awk -v v="$1" 'BEGIN {
        if (v == "" || v == "-") print "-"
        else if (v >= 1e6) printf "%.2f M", v / 1e6
        else if (v >= 1e4) printf "%.0f k", v / 1e3
        else if (v >= 1e3) printf "%.2f k", v / 1e3
        else printf "%.4g", v }'
}

ratio() { # A B
    awk -v a="${1:-0}" -v b="${2:-0}" 'BEGIN { if (b > 0) printf "%.3f", a / b; else print "-" }'
}

# Row of the table. Empty values print as "-". min: measured must be at least that; max: at most.
row() { # WORK MEASURED SHOWN MUST(min:X|max:X|-) MUST_SHOWN [PEER_SHOWN] [RATIO] [RATIO_MIN]
    local verdict
    verdict=$(awk -v m="${2:-}" -v must="$4" -v r="${7:-}" -v rmin="${8:-}" 'BEGIN {
        if (m == "") { print "not measured"; exit }
        split(must, part, ":"); ok = 1; judged = 0
        if (part[1] == "min") { judged = 1; ok = m + 0 >= part[2] + 0 }
        if (part[1] == "max") { judged = 1; ok = m + 0 <= part[2] + 0 }
        if (rmin != "") { judged = 1; ok = ok && r != "-" && r + 0 >= rmin + 0 }
        print !judged ? "" : ok ? "met" : "MISSED" }')
    printf '%s|%s|%s|%s|%s|%s\n' "$1" "${3:--}" "${5:--}" "${6:--}" "${7:--}" "$verdict" >>"$table"
    say "$1: ${3:--} ${verdict}"
}

note() { # WORK SHOWN
    row "  $1" 0 "$2" - ""
}

# Runs tamga on a register under the watch; the line of figures. Its own words go to ./log.
watch() { # REGISTER WORDS...
    local register=$1
    shift
    rm -f figures
    "${programs}timed" once figures "$tamga" --register "sqlite:$register" "$@" >>log 2>&1
    [ "$(value code "$(cat figures)")" = 0 ] && cat figures
}

quiet() { # REGISTER WORDS...: part of a preparation
    local register=$1
    shift
    "$tamga" --register "sqlite:$register" "$@" >>log 2>&1 || say "FAILED: tamga $* (see log)"
}

list() { # FILE FROM COUNT
    [ -e "$1" ] || "${programs}gen" imeis $seed "$2" "$3" >"$1"
}

tac_list() {
    [ -e tacs.txt ] || "${programs}gen" tacs $seed >tacs.txt
}

fresh() { # REGISTER: an empty one with the TAC list
    tac_list
    rm -f "$1" "$1"[-.]*
    quiet "$1" import tac tacs.txt
}

copy() { # FROM TO: a register and its key
    rm -f "$2" "$2"[-.]*
    cp "$1" "$2" && cp "$1.key" "$2.key" && sync "$2"
}

# The register with the first 10 M, made when no row before has left it.
ten() {
    [ -e ten.db ] && return
    fresh ten.db
    list first.txt 0 "$scale"
    quiet ten.db import amnesty first.txt
}

spent() { # FIGURES
    echo "CPU $(value user "$1") + $(value sys "$1") s, RSS $(value rss_mb "$1") MB," \
        "anonymous $(value anon_mb "$1") MB"
}

peer() { # MODE DB FROM COUNT: rows a second
    value rate "$("${programs}peer_sqlite" bulk "$1" "$2" $seed "$3" "$4")"
}

# ---- the rows ----

row_judge() {
    tac_list
    local got near far
    got=$("${programs}judge" $seed tacs.txt)
    near=$(value near "$got") far=$(value far "$got")
    row "judge with valid_through and next, one core, best" "$near" "$(human "$near")/s" min:60e6 "60 M/s"
    note "over 1 M phones in memory, by IMEI" "$(human "$far")/s"
}

row_import() {
    local got rate bare none
    fresh ten.db
    list first.txt 0 "$scale"
    got=$(watch ten.db import amnesty first.txt)
    rate=$(ratio "$scale" "$(value seconds "$got")")
    rm -f peer.db*
    bare=$(peer wal peer.db 0 "$scale")
    none=$(peer none none.db 0 "$scale")
    rm -f none.db*
    ten_rate=$rate
    row "import 10 M amnesty, empty register" "$rate" "$(human "$rate")/s" min:700000 \
        "700 k/s, 0.40x" "$(human "$bare")/s" "$(ratio "$rate" "$bare")" 0.40
    note "the bare insert without any journal" "$(human "$none")/s"
    note "spent" "$(spent "$got")"
}

row_second() {
    local got rate bare
    ten
    list second.txt "$scale" "$scale"
    [ -e peer.db ] || peer wal peer.db 0 "$scale" >/dev/null
    copy ten.db twenty.db
    got=$(watch twenty.db import amnesty second.txt)
    rate=$(ratio "$scale" "$(value seconds "$got")")
    bare=$(peer wal peer.db "$scale" "$scale")
    row "import 10 M amnesty, 10 M others stand" "$rate" "$(human "$rate")/s" min:550000 \
        "550 k/s, 0.40x" "$(human "$bare")/s" "$(ratio "$rate" "$bare")" 0.40
    note "spent" "$(spent "$got")"
    rm -f twenty.db* peer.db* second.txt
}

each_line() { # "n=.. min_ms=..": as people read it
    echo "median $(value median_ms "$1"), p99 $(value p99_ms "$1"), max $(value max_ms "$1") ms" \
        "of $(value n "$1")"
}

row_suspend() {
    local pid processes inside p99
    fresh busy.db
    list first.txt 0 "$scale"
    "$tamga" --register sqlite:busy.db import amnesty first.txt >>log 2>&1 &
    pid=$!
    "${programs}writes" suspend sqlite:busy.db $seed 0 "$scale" $pid >inside.txt &
    local writer=$!
    processes=$("${programs}timed" each pid:$pid $seed 0 "$scale" "$tamga" \
        --register sqlite:busy.db suspend --mark order --by 'Bench court' --order 7-21)
    wait $writer
    wait $pid || say "FAILED: the import beside suspensions"
    inside=$(cat inside.txt)
    p99=$(calc "$(value p99_ms "$processes") / 1000")
    row "suspend during the import, a process each, p99" "$p99" "$p99 s" max:0.5 "0.5 s"
    note "processes" "$(each_line "$processes")"
    p99=$(calc "$(value p99_ms "$inside") / 1000")
    row "  callers through the library, p99" "$p99" "$p99 s" max:0.5 "0.5 s"
    note "callers" "$(each_line "$inside")"
    rm -f busy.db*
}

row_feed() {
    local today yesterday known=$((scale * 95 / 1000)) all=$((scale / 10)) from=$((3 * scale)) got rate
    today=$(TZ=Asia/Almaty date +%F)
    yesterday=$(TZ=Asia/Almaty date -d "$today - 1 day" +%F)
    "${programs}gen" feed $seed "$from" "$known" "$yesterday" >feed1.csv
    "${programs}gen" feed $seed "$from" "$all" "$today" >feed2.csv
    fresh feed.db
    got=$(watch feed.db feed load --operator bench feed1.csv)
    rate=$(ratio "$known" "$(value seconds "$got")")
    local first=$rate
    got=$(watch feed.db feed load --operator bench feed2.csv)
    rate=$(ratio "$all" "$(value seconds "$got")")
    row "feed load 1 M rows, 50 k first activations" "$rate" "$(human "$rate") rows/s" \
        min:500000 "500 k rows/s"
    note "spent" "$(spent "$got")"
    note "950 k first activations, empty register" "$(human "$first") rows/s"
    ten
    copy ten.db feed.db
    quiet feed.db feed load --operator bench feed1.csv
    got=$(watch feed.db feed load --operator bench feed2.csv)
    rate=$(ratio "$all" "$(value seconds "$got")")
    note "the same on a register with 10 M others" "$(human "$rate") rows/s"
    rm -f feed.db* feed?.csv
}

# Start of serve to the line that says where it listens.
serve_seconds() { # REGISTER
    local began pid i
    : >served
    began=$(date +%s.%N)
    "$tamga" --register "sqlite:$1" serve --listen 127.0.0.1:0 >served 2>>log &
    pid=$!
    for ((i = 0; i < 6000; i++)); do
        grep -q '^Tamga serves' served && break
        kill -0 $pid 2>/dev/null || break
        sleep 0.01
    done
    calc "$(date +%s.%N) - $began"
    kill $pid 2>/dev/null
    wait $pid 2>/dev/null
}

bytes_of() { # REGISTER TABLE: on disk, pages and all
    sqlite3 "$1" "SELECT sum(pgsize) FROM dbstat WHERE name = '$2'"
}

index_rows() { # LABEL LINE: what it weighs, how fast it answers beside the hash table
    local single batch hash
    single=$(value single "$2")
    batch=$(value batch "$2")
    hash=$(value hash_single "$2")
    row "index: bytes an IMEI, $1" "$(value bytes "$2")" "$(value bytes "$2")" max:3.3 3.3
    row "... lookups, single" "$single" "$(human "$single")/s" - 0.5 "$(human "$hash")/s" \
        "$(ratio "$single" "$hash")" 0.5
    row "... lookups, by 32" "$batch" "$(human "$batch")/s" - 1.0 "$(human "$hash")/s" \
        "$(ratio "$batch" "$hash")" 1.0
    note "the hash table by 32" "$(human "$(value hash_batch "$2")")/s"
}

index_file_rows() { # LABEL LINE: its file
    local bytes
    bytes=$(value file_bytes "$2")
    row "index: a node is ready, $1, warm page cache" "$(value ready "$2")" "$(value ready "$2") s" \
        max:1 "1 s"
    note "of CPU, all threads" "$(value ready_cpu "$2") s"
    note "the file" "$(human "$bytes") bytes, written in $(value write "$2") s, $(calc \
        "$bytes / 1e6 / $(value write "$2")") MB/s, after an image of $(value image "$2") s"
    note "what was read answers, single and by 32" \
        "$(human "$(value single "$2")")/s, $(human "$(value batch "$2")")/s"
}

# 100 M is what it is promised for; at another scale the figures are others.
row_index() {
    local count=$((10 * scale)) lines
    lines=$("${programs}index" $seed $count $((count / 10)))
    index_rows "$((count / 1000000)) M" "$(sed -n 1p <<<"$lines")"
    note "put in no order, of CPU" "$(value seconds "$(sed -n 1p <<<"$lines")") s"
    index_file_rows "$((count / 1000000)) M" "$(sed -n 2p <<<"$lines")"
    index_rows "after $((count / 10000000)) M changes" "$(sed -n 3p <<<"$lines")"
}

row_registers() {
    local got rate items
    ten
    "${programs}timed" each 3 $seed 0 "$scale" "$tamga" --register sqlite:ten.db check >/dev/null
    got=$("${programs}timed" each 20 $seed 0 "$scale" "$tamga" --register sqlite:ten.db check)
    row "check on 10 M, 25 k models; median of 20 starts" "$(value median_ms "$got")" \
        "$(value median_ms "$got") ms" max:30 "30 ms"
    note "least, greatest" "$(value min_ms "$got"), $(value max_ms "$got") ms"
    got=$("${programs}timed" each 20 $seed 0 "$scale" "$tamga" --help)
    note "of it the program's own start (--help)" "$(value median_ms "$got") ms"
    got=$(watch ten.db what-if --set grace_days=20 --set amnesty_before=2025-02-01)
    rate=$(ratio "$scale" "$(value seconds "$got")")
    row "what-if over 10 M stored rows" "$rate" "$(human "$rate") rows/s" min:3e6 "3 M rows/s"
    got=$(watch ten.db journal verify)
    items=$(sqlite3 ten.db 'SELECT next_seq - 1 FROM journal_head')
    rate=$(ratio "$items" "$(value seconds "$got")")
    row "journal verify, 10 M rows" "$rate" "$(human "$rate") rows/s" min:4e6 "4 M rows/s"
    note "serve: start to listening, 10 M" "$(human "$(serve_seconds ten.db)") s"
    got=$("${programs}lookups" sqlite:ten.db $seed "$scale")
    note "index: built from 10 M facts" "$(value build "$got") s, $(value bytes "$got") bytes an IMEI"
    note "index: lookups, one thread" \
        "$(human "$(value single "$got")")/s single, $(human "$(value batch "$got")")/s by 64"
    note "disk: a facts row, a journal row" \
        "$(ratio "$(bytes_of ten.db facts)" "$scale"), $(ratio "$(bytes_of ten.db journal_block)" "$items") bytes"
}

# Bare single commits, rows a second. The disk's mood changes within seconds, so this is asked before
# and after what it stands beside.
bare_singles() { # DB
    value rate "$("${programs}peer_sqlite" single "$1" $seed $((3 * scale)) 3)"
}

writes_on() { # WORK REGISTER BARE_DB MUST MUST_SHOWN
    local got rate before after bare
    cp "$3" again.db
    sync again.db
    before=$(bare_singles "$3")
    got=$("${programs}writes" verified "sqlite:$2" $seed $((3 * scale)) 64 8)
    rate=$(value rate "$got")
    after=$(bare_singles again.db)
    bare=$(calc "($before + $after) / 2")
    row "$1" "$rate" "$(human "$rate")/s" "min:$4" "$5" "$(human "$bare")/s" "$(ratio "$rate" "$bare")"
    note "a caller waits" "$(each_line "$got")"
    note "bare before and after" "$(human "$before")/s, $(human "$after")/s"
    rm -f "$2"* "$3"* again.db*
}

row_writes() {
    fresh one.db
    "${programs}peer_sqlite" bulk wal bare.db $seed $((4 * scale)) 1 >/dev/null
    writes_on "verified one by one, 64 callers, empty" one.db bare.db 20000 "20 k/s"
    ten
    copy ten.db one.db
    [ -e peer.db ] || peer wal peer.db 0 "$scale" >/dev/null
    cp peer.db bare.db
    sync bare.db
    writes_on "verified one by one, 64 callers, on 10 M" one.db bare.db 17000 "17 k/s"
}

filing_on() { # BACKEND NAME
    local got
    got=$(TAMGA=$tamga perl "$bench/filing.pl" 200 "$1" 2>>log | tr '\n' ' ')
    row "a person files, until white in a check, $2" "$(value one_visible_max_ms "$got")" \
        "$(value one_visible_p50_ms "$got") ms, most $(value one_visible_max_ms "$got")" max:1000 "1 s"
    row "  200 at once, the answer, p99" "$(value many_p99_ms "$got")" "$(value many_p99_ms "$got") ms" max:1000 "1 s"
    row "  errors" "$(value many_errors "$got")" "$(value many_errors "$got")" max:0 "0"
    note "all of them white after" "$(value many_visible_p99_ms "$got") ms"
}

bulk_on() { # BACKEND NAME
    local got
    got=$(TAMGA=$tamga perl "$bench/bulk.pl" "$((scale / 10))" "$1" 2>>log | grep devices=)
    row "1 M devices by file to the preview, $2" "$(value preview "$got")" "$(value preview "$got") s" max:15 "15 s"
    row "… approved to all white in the index, $2" "$(value white "$got")" "$(value white "$got") s" max:15 "15 s"
    note "upload; RSS" "$(value upload "$got") s; $(value rss_mb "$got") MB"
    note "filed: holds, and the look at 10,000 declaration lines" "$(value filed "$got") s"
}

# A cluster for scripts that make their own databases, as deploy/postgresql/tamga.conf has it.
behind_cluster() { # NAME
    local settings
    command -v psql >/dev/null || return 1
    mapfile -t settings < <(pg_settings)
    mkdir -p "$1" && chmod 755 "$1" .
    TAMGA_TEST_POSTGRES=$("$top/test/postgres.sh" start "$PWD/$1/a" "${settings[@]}")
    export TAMGA_TEST_POSTGRES
}

row_bulk() {
    bulk_on sqlite SQLite
    behind_cluster pgb || return 0
    bulk_on postgres PostgreSQL
    "$top/test/postgres.sh" stop "$PWD/pgb/a" kill
    rm -rf pgb
}

row_filing() {
    filing_on sqlite SQLite
    behind_cluster pgf || return 0
    filing_on postgres PostgreSQL
    "$top/test/postgres.sh" stop "$PWD/pgf/a" kill
    rm -rf pgf
}

row_full() {
    local got rate pid reads count=$((5 * scale))
    [ -n "${BENCH_FULL:-}" ] || return 0
    rm -f ten.db* first.txt
    fresh full.db
    list fifty.txt 0 $count
    "${programs}timed" once figures "$tamga" --register sqlite:full.db import amnesty fifty.txt \
        >>log 2>&1 &
    pid=$!
    reads=$("${programs}timed" each pid:$pid $seed 0 $count "$tamga" --register sqlite:full.db check)
    wait $pid
    got=$(cat figures)
    rate=$(ratio $count "$(value seconds "$got")")
    row "import 50 M amnesty, checks in a loop beside it" "$rate" "$(human "$rate")/s" - \
        "0.75x of 10 M" "${ten_rate:+$(human "$ten_rate")/s}" "$(ratio "$rate" "${ten_rate:-0}")" 0.75
    row "  anonymous memory" "$(value anon_mb "$got")" "$(value anon_mb "$got") MB" max:1000 "< 1 GB"
    note "spent" "$(spent "$got")"
    row "  check beside it, p99" "$(value p99_ms "$reads")" "$(value p99_ms "$reads") ms" - \
        "goes on"
    note "checks" "$(each_line "$reads")"
    rm -f full.db* fifty.txt
}

# shellcheck source=bench/postgres.sh
. "$bench/postgres.sh"
# shellcheck source=bench/lists.sh
. "$bench/lists.sh"
# shellcheck source=bench/feeds.sh
. "$bench/feeds.sh"
# shellcheck source=bench/http.sh
. "$bench/http.sh"
# shellcheck source=bench/eir.sh
. "$bench/eir.sh"

# ---- what is printed ----

machine() {
    local cpu memory disk
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)
    memory=$(awk '/^MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo)
    disk=$(df --output=fstype,source "$dir" | tail -1 | awk '{ print $2 " (" $1 ")" }')
    echo "Tamga, make bench, $(date -u '+%Y-%m-%d %H:%M') UTC, $(git -C "$OLDPWD" log -1 --format=%h 2>/dev/null)"
    echo "machine: $cpu, $(nproc) cores, $memory; $disk: $(fsync_told)"
    echo "system:  $(uname -sr), SQLite $(sqlite3 --version | cut -d' ' -f1), $(cc --version | head -1)"
}

# What the disk takes for 4 kB made durable, for this decides single commits.
fsync_told() {
    local t
    t=$(dd if=/dev/zero of=sync.tmp bs=4k count=400 oflag=dsync 2>&1 | sed -n 's/.* \([0-9.e-]*\) s,.*/\1/p')
    rm -f sync.tmp
    awk -v t="$t" 'BEGIN { printf "%.2f ms for 4 kB made durable", t / 400 * 1000 }'
}

draw() {
    awk -F'|' -v OFS='' '
        { for (i = 1; i <= NF; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) } }
        END {
            split("work|measured|must|peer, same run|ratio|verdict", head, "|")
            for (i = 1; i <= 6; i++) if (length(head[i]) > width[i]) width[i] = length(head[i])
            for (i = 1; i <= 6; i++) printf "%-*s%s", width[i], head[i], i < 6 ? "  " : "\n"
            for (i = 1; i <= 6; i++) { for (k = 0; k < width[i]; k++) printf "-"; printf i < 6 ? "  " : "\n" }
            for (r = 1; r <= NR; r++)
                for (i = 1; i <= 6; i++) printf "%-*s%s", width[i], cell[r, i], i < 6 ? "  " : "\n"
        }' "$table" | sed 's/ *$//'
}

load() {
    cut -d' ' -f1-3 /proc/loadavg
}

began=$(load)
head=$(machine)
rows=(judge index import registers writes postgres filing bulk http feed seen seenskew seenflat seenpg seensql lists second
    suspend beside page eir eircost full)
[ $# -eq 0 ] || rows=("$@")
for name in "${rows[@]}"; do
    "row_$name"
done
{
    echo "$head"
    echo "load:    $began before, $(load) after (1, 5, 15 minutes); $SECONDS s in all"
    echo
    draw
} | tee "$result"
