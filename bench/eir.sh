# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The rows of bench/run.sh that ask an EIR node: `eir`, over S13 and N5g-eir beside its peers and while blocks come;
# `eircost`, by the size of the register. Read by run.sh after http.sh, whose small tools they use. Servers stand on one
# core (BENCH_SERVER_CPU, 0), generators on another (BENCH_LOAD_CPU, 1). BENCH_RUNS and BENCH_SECONDS as there.

server_cpu=${BENCH_SERVER_CPU:-0}
load_cpu=${BENCH_LOAD_CPU:-1}
eir=$top/$build/tamga-eir
eir_dir=${BENCH_EIR_DIR:-$dir} # where snapshots are made; they stay when it was given
fd_extension=$top/$build/test/fd_s13.fdx
eir_size=$((5 * scale))

# BENCH_BEFORE: words before both, as "chrt -f 10" on a machine that others use.
read -ra bench_before <<<"${BENCH_BEFORE:-}"
server_on=("${bench_before[@]}" taskset -c "$server_cpu")
load_on=("${bench_before[@]}" taskset -c "$load_cpu")

# A register of so many IMEIs in DIR, as a node sees it; made once.
eir_register() { # COUNT: its directory is $eir_made
    eir_made=$eir_dir/eir$1
    [ -e "$eir_made/secret" ] && return
    mkdir -p "$eir_made"
    say "making a snapshot of $(human "$1") IMEIs"
    "${programs}register" make $seed "$1" "$eir_made" >>log 2>&1 || say "FAILED: register make (see log)"
}

# Asks over S13; one line of figures. PORT PID CONNECTIONS IN_FLIGHT OPTIONS...
asked_s13() {
    local port=$1 pid=$2 connections=$3 in_flight=$4
    shift 4
    "${load_on[@]}" "${programs}s13_load" "$port" "$connections" "$in_flight" "$seconds" --pid "$pid" --seed $seed \
        --count "$eir_size" "$@" 2>>log
}

# Asks over HTTP/2; "rate=.. cpu_us=.. load_us=.. errors=..". The CPU time is that of the whole run; load_us is h2load's own.
asked_h2() { # PORT PID URIS REQUESTS CONNECTIONS STREAMS
    local before after got pid=$2
    # shellcheck disable=SC2046 # a list of processes
    before=$(cpu_of "$pid" $(pgrep -P "$pid"))
    got=$({ TIMEFORMAT='load_cpu: %U %S' && time "${load_on[@]}" h2load -t1 -c"$5" -m"$6" -n"$4" -i "$3" 2>>log; } 2>&1)
    # shellcheck disable=SC2046
    after=$(cpu_of "$pid" $(pgrep -P "$pid"))
    awk -v n="$4" -v cpu="$(calc "$after - $before")" '
        /^finished in/ { for (i = 1; i < NF; i++) if ($(i + 1) ~ /req\/s/) rate = $i }
        /^requests:/ { for (i = 2; i <= NF; i++) { if ($i ~ /^failed/) failed = $(i - 1); if ($i ~ /^errored/) errored = $(i - 1) } }
        /^status codes:/ { ok = $3 }
        /^load_cpu:/ { load = $2 + $3 }
        END { printf "rate=%.0f cpu_us=%.3f load_us=%.3f errors=%d ok=%d\n", rate, cpu * 1e6 / n, load * 1e6 / n, failed + errored, ok }' <<<"$got"
}

# PEIs as an AMF sends them, half of them known; parameters now in one order, now in the other.
eir_uris() { # PORT FILE
    local tail='&supi=imsi-401770000000001'
    paste -d'\n' <("${programs}gen" imeis $seed 0 50000) <("${programs}gen" imeis $seed $((eir_size + 1000000)) 50000) |
        awk -v root="http://127.0.0.1:$1/n5g-eir-eic/v1/equipment-status?" -v tail="$tail" '
            { pei = "pei=imeisv-" substr($1, 1, 14) "01"
              print root (NR % 4 < 2 ? pei tail : substr(tail, 2) "&" pei) }' >"$2"
}

# nginx, one worker, HTTP/2 by prior knowledge, a fixed answer.
eir_nginx() {
    mkdir -p nginx2
    nginx_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    cat >nginx2/conf <<END
daemon off; master_process off; worker_processes 1; pid $PWD/nginx2/pid; error_log $PWD/nginx2/error.log;
events { worker_connections 512; }
http { access_log off; keepalive_requests 1000000000; http2_max_concurrent_streams 256; default_type application/json;
  server { listen 127.0.0.1:$nginx_port http2; location / { return 200 '{"status":"WHITELISTED"}'; } } }
END
    "${server_on[@]}" nginx -c "$PWD/nginx2/conf" 2>>log &
    nginx_pid=$!
    local i
    for ((i = 0; i < 500; i++)); do
        curl -sf --http2-prior-knowledge -o nginx2/got "http://127.0.0.1:$nginx_port/x" && return
        sleep 0.01
    done
    say "FAILED: nginx did not start"
    return 1
}

# Starts a node on the register of DIR: eir_pid, eir_s13, eir_h2, eir_metrics (ports), eir_started: seconds from its exec until it
# answers on both faces.
eir_start() { # DIR [URL of a register to follow]
    local began i
    read -r eir_s13 eir_h2 eir_metrics < <(python3 -c '
import socket
all = [socket.socket() for i in range(3)]
for s in all: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in all])')
    {
        echo '[node]'
        echo "threads = 1"
        echo "key = $1/node.key"
        if [ -n "${2:-}" ]; then
            rm -rf node && mkdir node
            echo "directory = $PWD/node"
            echo "registry = $2"
        else
            echo "snapshot = $1/snapshot.tgix"
        fi
        echo '[s13]'
        echo "listen = 127.0.0.1:$eir_s13"
        echo 'identity = eir.bench.example'
        echo 'realm = bench.example'
        echo 'peers = *.bench.example'
        echo '[n5geir]'
        echo "listen = 127.0.0.1:$eir_h2"
        echo '[metrics]'
        echo "listen = 127.0.0.1:$eir_metrics"
    } >eir.ini
    began=$(date +%s.%N)
    "${server_on[@]}" "$eir" --settings eir.ini >eir.out 2>&1 &
    eir_pid=$!
    for ((i = 0; i < 12000; i++)); do
        if curl -s -o eir.got --max-time 2 --http2-prior-knowledge "http://127.0.0.1:$eir_h2/n5g-eir-eic/v1/equipment-status?pei=imei-350000000000000" &&
            [ -s eir.got ] && grep -q LISTED eir.got; then
            eir_started=$(calc "$(date +%s.%N) - $began")
            return
        fi
        kill -0 $eir_pid 2>/dev/null || break
        sleep 0.01
    done
    say "FAILED: tamga-eir did not start: $(tail -3 eir.out)"
    return 1
}

# How far behind the register the node says it is.
eir_lag() {
    curl -s --max-time 5 "http://127.0.0.1:$eir_metrics/metrics" | grep -i 'lag\|behind' | grep -v '^#' | head -3 | tr '\n' ' '
}

eir_told() { # LINE: what a row says of a run
    echo "$(human "$(value rate "$1")")/s, $(value cpu_us "$1") µs, p50 $(value p50_us "$1"), p99 $(value p99_us "$1") µs"
}

eir_said() { # LINE
    echo "white $(value white "$1"), black $(value black "$1"), grey $(value grey "$1"), unknown $(value unknown "$1")," \
        "busy $(value busy "$1"), wrong $(value wrong "$1"), lost $(value lost "$1")"
}

# Each form of load at the node and its peers in turn, so that what others do on the machine meets all of them.
eir_s13_turns() { # FILE-PREFIX: PREFIX.{ours,echo,fd}.FORM
    local i form
    for ((i = 0; i < runs; i++)); do
        for form in 1x1 1x64 4x256 64x8; do
            asked_s13 "$eir_s13" "$eir_pid" ${form/x/ } >>"$1.ours.$form"
            [ -n "${echo_port:-}" ] && asked_s13 "$echo_port" "$echo_pid" ${form/x/ } >>"$1.echo.$form"
            [ -n "${fd_port:-}" ] && [ $i -eq 0 ] && asked_s13 "$fd_port" "$fd_pid" ${form/x/ } --quickack >>"$1.fd.$form"
        done
        asked_s13 "$eir_s13" "$eir_pid" 4 64 --paced 50000 >>"$1.ours.paced"
        [ -n "${echo_port:-}" ] && asked_s13 "$echo_port" "$echo_pid" 4 64 --paced 50000 >>"$1.echo.paced"
    done
}

# The run whose rate (or other KEY) is the median one.
middle() { # FILE [KEY]
    [ -s "$1" ] && sed "s/.*\b${2:-rate}=\([0-9.]*\).*/\1 &/" "$1" | sort -g | awk '{ sub(/^[^ ]* /, ""); v[NR] = $0 } END { print v[int((NR + 1) / 2)] }'
}

eir_rate_row() { # WORK FORM MIN [RATIO_MIN PEER(fd|echo)]
    local ours peer rate
    ours=$(middle "s13.ours.$2")
    peer=$(middle "s13.${5:-fd}.$2")
    rate=$(value rate "$ours")
    row "$1" "$rate" "$(human "$rate")/s" "${3:+min:$3}" "${3:+$(human "$3")/s}${3:+${4:+, }}${4:+${4}x}" \
        "$(human "$(value rate "$peer")")/s" "$(ratio "$rate" "$(value rate "$peer")")" "${4:-}"
    note "ours" "$(eir_told "$ours")"
    note "freeDiameter" "$(eir_told "$(middle "s13.fd.$2")")"
    note "bare echo" "$(eir_told "$(middle "s13.echo.$2")")"
}

eir_peers() {
    local bytes
    mkdir -p fd
    fd_port='' echo_port=''
    if [ -e "$fd_extension" ] && server fd.out "${server_on[@]}" perl "$bench/freediameter.pl" "$PWD/fd" "$fd_extension"; then
        fd_wrapper=$server_pid fd_port=$server_port
        fd_pid=$(sed -n 's/.*pid=\([0-9]*\).*/\1/p' fd.out)
    fi
    # As many bytes as ours; AVPs end on four.
    bytes=$(value bytes_answered "$(seconds=1 asked_s13 "$eir_s13" "$eir_pid" 1 1)")
    if server echo.out "${server_on[@]}" "${programs}echo" $(((${bytes:-200} + 3) / 4 * 4)); then
        echo_port=$server_port echo_pid=$server_pid
    fi
}

row_eir() {
    local got peer still p99 form share
    rm -f s13.* h2.* busy.*
    eir_register "$eir_size"
    eir_start "$eir_made" || { say "FAILED: tamga-eir did not start (see log)"; return; }
    eir_peers
    eir_s13_turns s13
    eir_rate_row "ECR/s, 4 x 256, $(human "$eir_size") IMEIs; freeDiameter" 4x256 1500000 50 fd
    note "answers" "$(eir_said "$(middle s13.ours.4x256)")"
    eir_rate_row "ECR/s, 64 x 8; freeDiameter" 64x8 450000 "" fd
    eir_rate_row "ECR/s, one at a time; bare echo" 1x1 "" 0.9 echo
    eir_rate_row "ECR/s, 1 x 64; freeDiameter" 1x64 "" "" fd
    got=$(middle s13.ours.paced window_p99_us)
    p99=$(calc "$(value window_p99_us "$got") / 1000")
    row "50 k ECR/s, open loop, p99 of the middle tenth of a second; bare echo" "$p99" "$p99 ms" max:0.5 "0.5 ms" \
        "$(calc "$(value window_p99_us "$(middle s13.echo.paced window_p99_us)") / 1000") ms"
    got=$(middle s13.ours.paced p99_us)
    note "ours, the whole run" "$(eir_told "$got"), p99.9 $(value p999_us "$got"), most $(value max_us "$got") µs"
    note "bare echo, the whole run" "$(eir_told "$(middle s13.echo.paced p99_us)")"
    [ -n "$fd_port" ] && server_end "$fd_wrapper"
    [ -n "$echo_port" ] && server_end "$echo_pid"
    row_eir_h2
    server_end "$eir_pid"
    row_eir_busy
}

row_eir_h2() {
    local i ours peer
    eir_nginx || return
    eir_uris "$eir_h2" ours.uris
    eir_uris "$nginx_port" nginx.uris
    for ((i = 0; i < runs; i++)); do
        asked_h2 "$eir_h2" "$eir_pid" ours.uris 2000000 4 100 >>h2.ours
        asked_h2 "$nginx_port" "$nginx_pid" nginx.uris 200000 4 100 >>h2.nginx
        asked_h2 "$eir_h2" "$eir_pid" ours.uris 40000 1 1 >>h2.ours.1
        asked_h2 "$nginx_port" "$nginx_pid" nginx.uris 20000 1 1 >>h2.nginx.1
    done
    ours=$(middle h2.ours) peer=$(middle h2.nginx)
    row "N5g-eir, -c4 -m100, varying PEI; nginx" "$(value rate "$ours")" "$(human "$(value rate "$ours")")/s" - "8x" \
        "$(human "$(value rate "$peer")")/s" "$(ratio "$(value rate "$ours")" "$(value rate "$peer")")" 8
    note "µs of CPU, errors" "$(value cpu_us "$ours"), $(value errors "$ours"); nginx $(value cpu_us "$peer"), $(value errors "$peer")"
    note "µs of CPU of h2load itself" "$(value load_us "$ours"); nginx $(value load_us "$peer")"
    note "the face alone, ns a request; 1, 10, 100 at once" "$("${programs}n5g" 1 | sed 's/.*=//' | paste -sd, | sed 's/,/, /g')"
    note "one at a time" "$(human "$(value rate "$(middle h2.ours.1)")")/s; nginx $(human "$(value rate "$(middle h2.nginx.1)")")/s"
    server_end "$nginx_pid"
}

# The same while blocks come: the node follows a register that writes 100 k changes a second. Whoever asks for an IMEI of nobody is a
# guest here: half a million first uses a second, all to be reported, would be another measurement.
row_eir_busy() {
    local register form got still share i
    server register.out "${load_on[@]}" "${programs}register" serve $seed "$eir_size" "$eir_made" 100000 10000 || return
    register=$server_pid
    eir_start "$eir_made" "http://127.0.0.1:$server_port" || return
    eir_uris "$eir_h2" ours.uris
    for form in still busy; do
        [ $form = busy ] && kill -USR1 "$register"
        for i in 4x256 64x8 1x1; do
            asked_s13 "$eir_s13" "$eir_pid" ${i/x/ } --guests >"busy.$form.$i"
        done
        asked_h2 "$eir_h2" "$eir_pid" ours.uris 2000000 4 100 >"busy.$form.h2"
        asked_s13 "$eir_s13" "$eir_pid" 4 64 --paced 50000 --guests >"busy.$form.paced"
    done
    for i in 4x256 64x8 1x1 h2; do
        still=$(value rate "$(cat "busy.still.$i")")
        got=$(value rate "$(cat "busy.busy.$i")")
        row "while 100 k changes/s come: $i; without" "$got" "$(human "$got")/s" - "0.70x" "$(human "$still")/s" \
            "$(ratio "$got" "$still")" 0.70
    done
    note "p99 at 50 k/s, without, while they come" "$(value p99_us "$(cat busy.still.paced)"), $(value p99_us "$(cat busy.busy.paced)") µs"
    note "how far behind the node was" "$(eir_lag)"
    server_end "$register"
    note "blocks written meanwhile" "$(tail -1 register.out)"
    server_end "$eir_pid"
}

# One table: what a node costs by the size of its register (BENCH_EIR_SIZES).
row_eircost() {
    local count got lookups kept=$eir_size
    for count in ${BENCH_EIR_SIZES:-$((scale / 10)) $scale $((10 * scale))}; do
        eir_size=$count
        eir_register "$count"
        eir_start "$eir_made" || continue
        got=$(asked_s13 "$eir_s13" "$eir_pid" 4 256)
        row "a node of $(human "$count") IMEIs: start" "$eir_started" "$eir_started s" - "" ""
        note "memory: resident, of it its own; ECR/s, µs" \
            "$(memory_of "$eir_pid"); $(human "$(value rate "$got")")/s, $(value cpu_us "$got") µs"
        server_end "$eir_pid"
        [ "$eir_dir" = "$dir" ] && [ "$count" != "$kept" ] && rm -rf "$eir_made"
        lookups=$("${programs}index" $seed "$count" | head -1)
        note "lookups a second, single, by 32; bytes an IMEI" \
            "$(human "$(value single "$lookups")"), $(human "$(value batch "$lookups")"); $(value bytes "$lookups")"
    done
    eir_size=$kept
}

memory_of() { # PID
    awk '/^VmRSS/ { rss = $2 } /^RssAnon/ { own = $2 } END { printf "%.0f MB, %.0f MB", rss / 1024, own / 1024 }' "/proc/$1/status"
}
