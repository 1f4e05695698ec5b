# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# lists - the rows of lists for operators, read by bench/run.sh. The list is made long by GSMA's: what stands besides in the
# register costs nothing, because nobody walks over it.

lists_out() { # OPERATOR OUT WORDS...: figures, and the bytes of text
    local operator=$1 out=$2
    shift 2
    rm -f told
    "${programs}timed" once figures "$tamga" --register sqlite:lists.db --json lists --operator "$operator" \
        --out "$out" "$@" >told 2>>log
    echo "$(cat figures) bytes=$(grep -o '"bytes":[0-9]*' told | head -1 | cut -d: -f2)"
}

# Three operators' full lists, one after the other: bytes, seconds, CPU.
three_lists() { # WORDS...
    local got seconds=0 bytes=0 cpu=0 operator
    for operator in A B C; do
        got=$(lists_out "$operator" "list.$operator" "$@")
        seconds=$(calc "$seconds + $(value seconds "$got")")
        cpu=$(calc "$cpu + $(value user "$got") + $(value sys "$got")")
        bytes=$((bytes + $(value bytes "$got")))
    done
    echo "bytes=$bytes seconds=$seconds cpu=$cpu rss_mb=$(value rss_mb "$got")"
}

row_lists() {
    local count=$scale got bytes plain raw cursor
    [ -z "${BENCH_FULL:-}" ] || count=$((5 * scale))
    fresh lists.db
    list lists.txt 0 "$count"
    quiet lists.db import gsma lists.txt
    quiet lists.db sweep
    got=$(lists_out A list.A)
    note "the list kept anew from the journal, and written" "$(value seconds "$got") s, $(spent "$got")"
    got=$(three_lists)
    bytes=$(value bytes "$got")
    plain=$(calc "$bytes / 1e6 / $(value seconds "$got")")
    raw=$(dd if=/dev/zero of=dd.tmp bs=1M count=$((bytes / 1048576)) conv=fsync 2>&1 | sed -n 's/.* \([0-9.]*\) s,.*/\1/p')
    raw=$(calc "$bytes / 1e6 / $raw")
    rm -f dd.tmp
    row "lists: three operators, $((count / 1000000)) M rows each, text" "$plain" "$plain MB/s" min:300 "300 MB/s" \
        "dd $raw MB/s" "$(ratio "$plain" "$raw")"
    note "CPU" "$(calc "$(value cpu "$got") / $bytes * 1e9") ns a byte, RSS $(value rss_mb "$got") MB"
    got=$(three_lists --pack zstd)
    plain=$(calc "$bytes / 1e6 / $(value seconds "$got")")
    row "  … packed by zstd" "$plain" "$plain MB/s" - ""
    note "CPU" "$(calc "$(value cpu "$got") / $bytes * 1e9") ns a byte of text"
    cursor=$(grep -o '"cursor":"[^"]*"' told | cut -d'"' -f4)
    # timed hands each run an IMEI, which is the shell's $0 here.
    got=$("${programs}timed" each 20 $seed 0 1 sh -c \
        "exec $tamga --register sqlite:lists.db lists --operator A --since $cursor --out delta")
    row "  a delta with nothing new, median" "$(value median_ms "$got")" "$(value median_ms "$got") ms" max:100 "0.1 s"
    [ -n "${BENCH_KEEP:-}" ] || rm -rf list.? delta lists.db* lists.txt
}
