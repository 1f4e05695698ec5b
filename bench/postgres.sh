# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The row `postgres` of bench/run.sh: a cluster of its own with the settings of deploy/postgresql/tamga.conf, beside
# the bench's other files. An import against a bare binary COPY of the same facts rows, in the same order, into the same
# table of an empty register; single writes of 1,000 callers, alone and with a synchronous standby; sizes.

pg_settings() { # for test/postgres.sh: the deploy file's, but for what the machine decides
    sed -n 's/^\([a-z_]*\) = \(.*\)$/\1=\2/p' "$top/deploy/postgresql/tamga.conf" |
        sed "s/'//g" | grep -v '^shared_buffers\|^effective_cache\|^max_connections'
    echo shared_buffers=1GB
}

pg() { # DATABASE SQL
    psql -qtAX -d "$pg_url/$1" -c "$2"
}

pg_fresh() { # DATABASE: an empty register
    pg postgres "DROP DATABASE IF EXISTS $1 WITH (FORCE)"
    pg postgres "CREATE DATABASE $1"
    "$tamga" --register "$pg_url/$1" user list >/dev/null 2>&1
    "$tamga" --register "$pg_url/$1" user add bench >>log 2>&1
}

pg_import() { # seconds
    pg_fresh bench
    rm -f figures
    "${programs}timed" once figures "$tamga" --register "$pg_url/bench" import amnesty first.txt >>log 2>&1
    value seconds "$(cat figures)"
}

pg_copy() { # seconds of the bare COPY
    local began
    pg_fresh bare
    began=$(date +%s.%N)
    psql -qX -d "$pg_url/bare" -c 'COPY tamga.facts (imei, due, facts_row) FROM STDIN (FORMAT binary)' <rows.bin
    calc "$(date +%s.%N) - $began"
}

pg_writes() { # WORK FROM MUST MUST_SHOWN
    local got
    got=$("${programs}writes" verified "$pg_url/one" $seed "$2" 1000 8)
    row "$1" "$(value rate "$got")" "$(human "$(value rate "$got")")/s" "min:$3" "$4"
    note "a caller waits" "$(each_line "$got")"
}

row_postgres() {
    local a b c d settings
    command -v psql >/dev/null || { say "no PostgreSQL: row postgres is left out"; return; }
    mkdir -p pg && chmod 755 pg . && list first.txt 0 "$scale"
    mapfile -t settings < <(pg_settings)
    pg_url=$("$top/test/postgres.sh" start pg/a "${settings[@]}")
    export TAMGA_KEY=$PWD/pg/key
    a=$(pg_import)
    psql -qX -d "$pg_url/bench" -c 'COPY (SELECT imei, due, facts_row FROM tamga.facts ORDER BY imei) TO STDOUT (FORMAT binary)' >rows.bin
    note_sizes=$(pg bench "SELECT round((SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE i.inhparent = 'tamga.facts'::regclass) / (SELECT count(*) FROM tamga.facts), 1) || ' B an IMEI (row and key), ' ||
        round((SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'tamga.journal_block'::regclass) /
        (SELECT next_seq - 1 FROM tamga.journal_head), 1) || ' B a journal row'")
    b=$(pg_copy)
    c=$(pg_import)
    d=$(pg_copy)
    row "PostgreSQL: amnesty of 10 M, empty" "$(calc "2 * $scale / ($a + $c)")" "$(human "$(calc "2 * $scale / ($a + $c)")")/s" \
        - "0.60x bare" "$(human "$(calc "2 * $scale / ($b + $d)")")/s" "$(ratio "$(calc "$b + $d")" "$(calc "$a + $c")")" 0.60
    note "the two imports, the two bare COPYs" "$(calc "$a") $(calc "$c") s, $(calc "$b") $(calc "$d") s"
    note "sizes" "$note_sizes"
    pg postgres 'DROP DATABASE bare WITH (FORCE)'
    rm -f rows.bin
    pg_fresh one
    pg_writes "PostgreSQL: verified one by one, 1,000 callers" $((3 * scale)) 5000 "5 k/s"
    "$top/test/postgres.sh" standby pg/b pg/a b "${settings[@]}" >/dev/null
    pg postgres "ALTER SYSTEM SET synchronous_standby_names = 'b'"
    pg postgres 'SELECT pg_reload_conf()' >/dev/null
    sleep 2
    pg_writes "PostgreSQL: the same, synchronous standby" $((4 * scale)) 1000 "1 k/s"
    "$top/test/postgres.sh" stop pg/b
    "$top/test/postgres.sh" stop pg/a
    unset TAMGA_KEY
    rm -rf pg
}
