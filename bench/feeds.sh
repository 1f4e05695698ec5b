# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# feeds - the rows of operators' files, read by bench/run.sh: seen, seenskew, seenflat on SQLite, seenpg the same on PostgreSQL,
# seensql the same work in plain SQL there. What each figure is: doc/bench.md, "Feeds that repeat".
#
# A quiet run, for the figures by the wall clock, each from the top of the tree:
#
#   all of them, 4 GB of disk, some 20 minutes        bench/run.sh seen seenskew seenflat seenpg seensql lists
#   1  26 M rows, 95 % of the pairs known             bench/run.sh seen
#   2  first load, 3 the same shuffled, 4 bytes       bench/run.sh seen
#   5  three full lists, 6 delta with nothing new     BENCH_FULL=1 bench/run.sh lists   (50 M rows; without: 10 M)
#   7  cost a row at 1 M, 10 M, 100 M known           BENCH_FULL=1 bench/run.sh seenflat   (100 M: 25 GB, 15 minutes more)
#   8  on PostgreSQL, to SQLite's                     bench/run.sh seen seenpg
#      in SQL, same files                             bench/run.sh seen seensql
#   9  clone rules                                    by hand: doc/bench.md, "Clones"
#   to try them, 2 minutes                            BENCH_SCALE=500000 bench/run.sh seen seenskew seenflat seenpg seensql lists
#
# Where others use the machine the CPU time a row (user and sys, all threads; of PostgreSQL's server, too) is the steady figure.

feed_words=(feed load --operator bench --accept all --reason bench)
declare -A told_rate # WHERE.WORK: rows a second by the wall

day_before_today() { # DAYS
    TZ=Asia/Almaty date -d "$(TZ=Asia/Almaty date +%F) - $1 days" +%F
}

sightings() { # FILE DAYS_AGO WORDS...: made once
    local file=$1 from
    from=$(day_before_today "$2")
    shift 2
    [ -e "$file" ] || "${programs}sightings" seed=$seed from="$from" "$@" | zstd -q -1 -f -o "$file"
}

# The files of the rows seen, seenpg and seensql. Each is said by its name.
sightings_five() { sightings five.zst 6 subscribers=$((scale / 10)) days=5 order=1; }
sightings_again() { sightings again.zst 6 subscribers=$((scale / 10)) days=5 order=2; }
sightings_first() { sightings first.zst 2 subscribers=$((scale * 26 / 10)) order=3; }
sightings_next() { sightings next.zst 1 subscribers=$((scale * 26 / 10)) changed=50 order=4; }

ask() { # REGISTER SQL
    case $1 in
    sqlite:*) sqlite3 "${1#sqlite:}" "$2" ;;
    *) PGOPTIONS=-csearch_path=tamga psql -qtAX -d "$1" -c "$2" ;;
    esac
}

records_bytes() { # REGISTER KEY_IN_HEX: of the values of a kind
    local hex='hex(key)'
    [ "${1%%:*}" = sqlite ] || hex="upper(encode(key, 'hex'))"
    ask "$1" "SELECT coalesce(sum(length(value)), 0) FROM record WHERE substr($hex, 1, ${#2}) = '$2'"
}

all_written() { # REGISTER: what moves when anything is written
    ask "$1" 'SELECT next_seq FROM journal_head; SELECT count(*), sum(length(value)) FROM record'
}

# Seconds of CPU of a cluster until now: of those who have gone, and of those who are there. Looked at again while somebody goes.
pg_cpu() {
    local boss hz before after there
    boss=$(head -1 pg/a/data/postmaster.pid)
    hz=$(getconf CLK_TCK)
    after=$(cpu_ticks "$boss" 2)
    until [ "$after" = "${before:-}" ]; do
        before=$after
        there=$(pgrep -P "$boss" | while read -r pid; do cpu_ticks "$pid" 0; done | awk '{ t += $1 } END { print t }')
        after=$(cpu_ticks "$boss" 2)
    done
    calc "($after + $there) / $hz"
}

cpu_ticks() { # PID 0|2: its own, or with those that it waited for
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk -v n="$2" '{ t = $12 + $13; if (n) t += $14 + $15; print t }'
}

load_file() { # REGISTER FILE: a line of figures; server= of PostgreSQL's CPU
    local before=0 server=0
    [ "${1%%:*}" = sqlite ] || before=$(pg_cpu)
    rm -f figures
    "${programs}timed" once figures "$tamga" --register "$1" "${feed_words[@]}" "$2" >>log 2>&1
    [ "$(value code "$(cat figures)")" = 0 ] || return
    [ "${1%%:*}" = sqlite ] || server=$(calc "$(pg_cpu) - $before")
    echo "$(cat figures) server=$server"
}

cost() { # FIGURES ROWS: as people read it
    echo "CPU $(calc "int(($(value user "$1") + $(value sys "$1") + $(value server "$1")) / $2 * 1e9)") ns a row," \
        "RSS $(value rss_mb "$1") MB (anonymous $(value anon_mb "$1")), $(value written_mb "$1") MB written"
}

told() { # WHERE.WORK LABEL ROWS FIGURES MUST MUST_SHOWN: a row of the table, beside SQLite's where it is another
    local rate other=${told_rate[sqlite.${1#*.}]:-}
    rate=$(ratio "$3" "$(value seconds "$4")")
    told_rate[$1]=$rate
    if [ "${1%%.*}" = sqlite ]; then
        row "$2" "$rate" "$(human "$rate") rows/s" "$5" "$6"
    else
        row "$2" "$rate" "$(human "$rate") rows/s" - "0.50x SQLite" "$(human "$other") rows/s" "$(ratio "$rate" "$other")" 0.50
    fi
    note "spent" "$(cost "$4" "$3")"
}

# An empty register of its own, with a TAC list.
feed_fresh() { # REGISTER
    case $1 in
    sqlite:*) fresh "${1#sqlite:}" ;;
    *) pg_fresh "${1##*/}" && tac_list && "$tamga" --register "$1" import tac tacs.txt >>log 2>&1 ;;
    esac
}

feed_first_and_again() { # WHERE REGISTER LABEL
    local rows=$((scale / 10 * 5)) got before pairs bytes
    sightings_five && sightings_again
    feed_fresh "$2"
    got=$(load_file "$2" five.zst)
    told "$1.first" "$3feed load, first: $((scale / 10000)) k subscribers, 5 days" $rows "$got" min:400000 "400 k rows/s"
    pairs=$(($(records_bytes "$2" 3370) / 12))
    bytes=$(calc "($(records_bytes "$2" 3370) + $(records_bytes "$2" 31) + $(records_bytes "$2" 32) + 6 * $(records_bytes "$2" 3364)) / $pairs")
    row "$3stored, a pair and month" "$bytes" "$bytes bytes" max:60 "60 bytes"
    before=$(all_written "$2")
    got=$(load_file "$2" again.zst)
    told "$1.again" "$3feed load, the same rows in another order" $rows "$got" min:3e6 "3 M rows/s"
    if [ "$before" = "$(all_written "$2")" ]; then
        note "facts, pairs, blocks written" 0
    else
        say "FAILED: the same rows wrote something"
        row "  facts, pairs, blocks written" 1 some max:0 0
    fi
}

feed_country() { # WHERE REGISTER LABEL
    local all=$((scale * 26 / 10)) got
    sightings_first && sightings_next
    feed_fresh "$2"
    got=$(load_file "$2" first.zst)
    told_rate[$1.country]=$(ratio $all "$(value seconds "$got")")
    note "$3first load of $(human $all) rows" "$(human "${told_rate[$1.country]}") rows/s; $(cost "$got" $all)"
    list others.txt $((all * 11 / 10)) $((scale * 45 / 100))
    "$tamga" --register "$2" import amnesty others.txt >>log 2>&1 || say "FAILED: import of others"
    got=$(load_file "$2" next.zst)
    told "$1.known" "$3feed load, $(human $all) rows, 95 % known, $(human $((scale * 3))) IMEIs" $all "$got" min:3e6 "3 M rows/s"
    row "  $3memory" "$(value rss_mb "$got")" "$(value rss_mb "$got") MB" max:2048 "2 GB"
    got=$(load_file "$2" next.zst)
    note "$3the same file once more" "$(human "$(ratio $all "$(value seconds "$got")")") rows/s; $(cost "$got" $all)"
}

row_seen() {
    feed_first_and_again sqlite sqlite:seen.db ""
    feed_country sqlite sqlite:seen.db ""
    rm -f seen.db*
}

row_seenpg() {
    local settings
    command -v psql >/dev/null || { say "no PostgreSQL: row seenpg is left out"; return; }
    mkdir -p pg && chmod 755 pg
    mapfile -t settings < <(pg_settings)
    pg_url=$("$top/test/postgres.sh" start pg/a "${settings[@]}")
    export TAMGA_KEY=$PWD/pg/key
    feed_first_and_again postgres "$pg_url/five" "PostgreSQL: "
    feed_country postgres "$pg_url/seen" "PostgreSQL: "
    "$top/test/postgres.sh" stop pg/a
    unset TAMGA_KEY
    rm -rf pg
}

# ---- rows that are not as others ----

# Five days of some subscribers, each into a register of its own; then once more, when all stands.
skewed() { # LABEL WORDS...
    local label=$1 got rows
    shift
    rm -f skew.zst
    sightings skew.zst 6 subscribers=$((scale / 10)) days=5 order=1 "$@"
    rows=$(($(zstd -dc skew.zst | wc -l) - 1))
    fresh skew.db
    got=$(load_file sqlite:skew.db skew.zst)
    note "$label, first" "$(cost "$got" $rows)"
    got=$(load_file sqlite:skew.db skew.zst)
    note "$label, again" "$(human "$(ratio $rows "$(value seconds "$got")")") rows/s; $(cost "$got" $rows)"
    rm -f skew.db* skew.zst
}

row_seenskew() {
    row "rows that are not as others, 5 days of $((scale / 10000)) k subscribers" 0 "" - ""
    skewed "as they are"
    skewed "of a hundred IMEIs 30 are 0 or all nine" zeros=300
    skewed "one IMEI with one subscriber in ten" one=100
    skewed "one of three operators, late and twice" of=3 late=20 again=10
    sightings plain.zst 6 subscribers=$((scale / 10)) days=5 order=1
    zstd -dc plain.zst | gzip -1 >plain.gz
    fresh skew.db
    local got rows=$((scale / 10 * 5))
    got=$(load_file sqlite:skew.db plain.gz)
    note "packed by gzip, first" "$(cost "$got" $rows)"
    got=$(load_file sqlite:skew.db plain.zst)
    note "the same, packed by zstd" "$(human "$(ratio $rows "$(value seconds "$got")")") rows/s; $(cost "$got" $rows)"
    got=$(load_file sqlite:skew.db plain.gz)
    note "the same, packed by gzip" "$(human "$(ratio $rows "$(value seconds "$got")")") rows/s; $(cost "$got" $rows)"
    rm -f skew.db* plain.zst plain.gz
}

# ---- what a row costs, whatever is known ----

flat() { # SUBSCRIBERS: known by as many loads as it takes; then a file of a day, 95 % of its pairs known
    local known=$1 piece=$((scale * 5 / 2)) at n got rows=$((scale / 10)) rate
    fresh flat.db
    for ((at = 0; at < known; at += piece)); do
        n=$((known - at < piece ? known - at : piece))
        rm -f piece.zst
        sightings piece.zst 2 subscribers=$n first=$at order=3
        got=$(load_file sqlite:flat.db piece.zst)
    done
    note "the last $(human $n) of $(human "$known") pairs" "$(human "$(ratio $n "$(value seconds "$got")")") rows/s; $(cost "$got" $n)"
    rm -f piece.zst
    sightings piece.zst 1 subscribers=$known changed=50 order=4 rows=$rows
    got=$(load_file sqlite:flat.db piece.zst)
    rate=$(ratio $rows "$(value seconds "$got")")
    row "feed load, $(human $rows) rows, $(human "$known") known" "$rate" "$(human "$rate") rows/s" - ""
    note "spent" "$(cost "$got" $rows)"
    got=$(load_file sqlite:flat.db piece.zst)
    note "once more" "$(human "$(ratio $rows "$(value seconds "$got")")") rows/s; $(cost "$got" $rows)"
    rm -f flat.db* piece.zst
}

row_seenflat() {
    flat $((scale / 10))
    flat "$scale"
    [ -z "${BENCH_FULL:-}" ] || flat $((scale * 10))
}

# ---- the same work in SQL ----

sql_load() { # FILE WORDS_OF_SQL: figures of psql and of the server
    local began before
    before=$(pg_cpu)
    began=$(date +%s.%N)
    zstd -dc "$1" | psql -qX -v ON_ERROR_STOP=1 -d "$pg_url/sql" -c 'TRUNCATE staging' \
        -c 'COPY staging FROM STDIN (FORMAT csv, HEADER)' -f "$2" >>log 2>&1 || say "FAILED: $2 (see log)"
    echo "seconds=$(calc "$(date +%s.%N) - $began") user=0 sys=0 server=$(calc "$(pg_cpu) - $before")"
}

sql_told() { # WORK LABEL ROWS FIGURES
    local rate ours=${told_rate[sqlite.$1]:-} pg=${told_rate[postgres.$1]:-}
    rate=$(ratio "$3" "$(value seconds "$4")")
    row "SQL: $2" "$rate" "$(human "$rate") rows/s" - "" "ours $(human "$ours") rows/s" "$(ratio "$ours" "$rate")"
    note "CPU" "$(calc "int($(value server "$4") / $3 * 1e9)") ns a row; ours on PostgreSQL $(human "$pg") rows/s"
}

sql_bytes() {
    psql -qtAX -d "$pg_url/sql" -c "SELECT round(sum(pg_total_relation_size(oid)) / (SELECT count(*) FROM pair), 1) FROM pg_class WHERE relname IN ($1)"
}

row_seensql() {
    local settings rows=$((scale / 10 * 5)) all=$((scale * 26 / 10)) got
    command -v psql >/dev/null || { say "no PostgreSQL: row seensql is left out"; return; }
    sightings_five && sightings_again && sightings_first && sightings_next
    mkdir -p pg && chmod 755 pg
    mapfile -t settings < <(pg_settings)
    pg_url=$("$top/test/postgres.sh" start pg/a "${settings[@]}" work_mem=512MB max_parallel_workers_per_gather=2 jit=off)
    pg postgres "CREATE DATABASE sql TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
    psql -qX -d "$pg_url/sql" -f "$bench/feeds_tables.sql" >>log 2>&1
    sql_told first "first, 5 days" $rows "$(sql_load five.zst "$bench/feeds_load.sql")"
    sql_told again "the same rows in another order" $rows "$(sql_load again.zst "$bench/feeds_load.sql")"
    psql -qX -d "$pg_url/sql" -c 'TRUNCATE pair, device, bad' -c 'TRUNCATE seen'
    sql_told country "first, $(human $all) rows" $all "$(sql_load first.zst "$bench/feeds_load.sql")"
    sql_told known "$(human $all) rows, 95 % known" $all "$(sql_load next.zst "$bench/feeds_load.sql")"
    note "bytes a pair, without a day" "$(sql_bytes "'pair', 'device'")"
    got=$(sql_load next.zst "$bench/feeds_days.sql")
    note "… the days as well, a bit each in a row a pair and month" \
        "$(human "$(ratio $all "$(value seconds "$got")")") rows/s; bytes a pair $(sql_bytes "'pair', 'device', 'seen'")"
    "$top/test/postgres.sh" stop pg/a
    rm -rf pg
}
