# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The rows of bench/run.sh that ask over HTTP: `http`, against a bare handler; `beside`, while an import
# runs; `page`, in a browser. Read by run.sh, whose small tools they use. BENCH_RUNS (5) runs each,
# BENCH_SECONDS (4) seconds a run.

runs=${BENCH_RUNS:-5}
seconds=${BENCH_SECONDS:-4}
server_pid=
server_port=

# Starts a server in the background and waits for its port: a line "port=N" or "http://host:N".
server() { # OUT COMMAND...
    local out=$1 i
    shift
    : >"$out"
    "$@" >"$out" 2>>log &
    server_pid=$!
    for ((i = 0; i < 12000; i++)); do
        server_port=$(sed -n 's/^port=\([0-9]*\).*/\1/p; s|.*http://127.0.0.1:\([0-9]*\)/.*|\1|p' "$out" | head -1)
        [ -n "$server_port" ] && return
        kill -0 $server_pid 2>/dev/null || break
        sleep 0.01
    done
    say "FAILED: $1 did not start (see log)"
    return 1
}

server_end() { # PID
    kill "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

# Limits out of the way, but asked: what they cost is in.
wide_settings() {
    printf '[limits]\n' >wide.ini
    local kind
    for kind in person address key public; do
        printf '%s_rate = 10000000\n%s_burst = 10000000\n' $kind $kind >>wide.ini
    done
}

# CPU seconds that a process and its children have spent: fields 14 to 17 of /proc/PID/stat.
cpu_of() { # PID...
    local pid sum=0
    for pid in "$@"; do
        sum=$((sum + $(sed 's/.*) //' "/proc/$pid/stat" | awk '{ print $12 + $13 + $14 + $15 }')))
    done
    calc "$sum / $(getconf CLK_TCK)"
}

# One run of wrk; "rate=.. per_cpu=.. errors=..".
loaded() { # PORT PID...
    local port=$1 before after got
    shift
    before=$(cpu_of "$@")
    got=$(IMEIS=asked.txt wrk -t1 -c32 -d"${seconds}s" -s "$bench/check.lua" "http://127.0.0.1:$port" |
        grep '^requests=')
    after=$(cpu_of "$@")
    echo "$got per_cpu=$(calc "$(value requests "$got") / ($after - $before)")"
}

median() { # KEY FILE
    sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" "$2" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# nginx with the same bytes and headers as a file, its log off.
nginx_static() { # BODY
    mkdir -p nginx/api
    cp "$1" nginx/api/check
    nginx_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    {
        echo "daemon off; worker_processes 2; pid $PWD/nginx/pid; error_log $PWD/nginx/error.log;"
        echo "events { worker_connections 512; }"
        echo "http { access_log off; keepalive_requests 100000000; default_type application/json;"
        echo "  server { listen 127.0.0.1:$nginx_port; location / { root $PWD/nginx; try_files /api/check =404;"
        grep -iE '^(cache-control|content-security-policy|cross-origin|referrer|x-content-type)' head.txt |
            sed -n "s/^\([^:]*\): \(.*[^\r]\)\r*$/add_header \1 \"\2\";/p"
        echo "} } }"
    } >nginx/conf
    nginx -c "$PWD/nginx/conf" 2>>log &
    nginx_pid=$!
    local i
    for ((i = 0; i < 500; i++)); do
        curl -sf -o nginx/got "http://127.0.0.1:$nginx_port/x" && break
        sleep 0.01
    done
}

row_http() {
    local ours peer i got
    ten
    wide_settings
    "${programs}gen" check $seed 0 "$scale" 20000 >asked.txt
    server serve.out "$tamga" --settings wide.ini --register sqlite:ten.db serve --listen 127.0.0.1:0 || return
    ours="$server_port $server_pid"
    curl -s -D head.txt -o body.txt "http://127.0.0.1:$server_port/api/v1/check/$(sed -n 2p asked.txt)"
    server peer.out "${programs}peer_http" head.txt body.txt 2 || return
    peer="$server_port $server_pid"
    nginx_static body.txt
    rm -f ours.txt peer.txt nginx.txt
    for ((i = 0; i < runs; i++)); do
        # shellcheck disable=SC2086 # port and pid
        {
            loaded $ours >>ours.txt
            loaded $peer >>peer.txt
            loaded "$nginx_port" "$nginx_pid" $(pgrep -P "$nginx_pid") >>nginx.txt
        }
    done
    got=$(median per_cpu ours.txt)
    row "GET /api/v1/check/{imei}, a CPU-second; bare libmicrohttpd" "$got" "$(human "$got")" - "0.80x" \
        "$(human "$(median per_cpu peer.txt)")" "$(ratio "$got" "$(median per_cpu peer.txt)")" 0.80
    note "requests a second, the same runs" "$(human "$(median rate ours.txt)") (bare $(human "$(median rate peer.txt)"))"
    note "errors of all runs" "$(awk -F'errors=' '{ n += $2 } END { print n + 0 }' ours.txt)"
    note "nginx, a static file of that size, a CPU-second" "$(human "$(median per_cpu nginx.txt)")"
    server_end "$nginx_pid"
    server_end "${peer#* }"
    server_end "${ours#* }"
    row_http_batch
}

row_http_batch() {
    local got rate pid
    got=$("$tamga" --json --actor bench --register sqlite:ten.db user key create --name bench --scope check.batch)
    KEY=$(sed -n 's/.*"key": *"\([^"]*\)".*/\1/p' <<<"$got")
    export KEY
    server serve.out "$tamga" --settings wide.ini --register sqlite:ten.db serve --listen 127.0.0.1:0 || return
    pid=$server_pid
    got=$(BATCH=1000 loaded "$server_port" "$pid")
    rate=$(calc "$(value rate "$got") * 1000")
    row "POST /api/v1/check, batches of 1,000" "$rate" "$(human "$rate") IMEI/s" min:200000 "200 k IMEI/s"
    note "errors, p99 of a batch" "$(value errors "$got"), $(value p99_ms "$got") ms"
    server_end "$pid"
}

row_beside() {
    local got pid importer began
    ten
    wide_settings
    list second.txt "$scale" "$scale"
    copy ten.db beside.db
    server serve.out "$tamga" --settings wide.ini --register sqlite:beside.db serve --listen 127.0.0.1:0 || return
    pid=$server_pid
    "${programs}paced" "$server_port" 5000 5 64 $seed 0 "$scale" >/dev/null # warm
    began=$(date +%s.%N)
    (
        "$tamga" --register sqlite:beside.db import amnesty second.txt >>log 2>&1
        calc "$(date +%s.%N) - $began" >import.seconds
    ) &
    importer=$!
    got=$("${programs}paced" "$server_port" 5000 "${BENCH_BESIDE:-60}" 64 $seed 0 "$scale")
    wait $importer
    row "5,000 checks/s for ${BENCH_BESIDE:-60} s, an import of 10 M beside; p99" "$(value p99_ms "$got")" \
        "$(value p99_ms "$got") ms" max:20 "20 ms"
    note "requests, errors" "$(value n "$got"), $(value errors "$got")"
    note "median, greatest" "$(value median_ms "$got"), $(value max_ms "$got") ms"
    note "the import took" "$(cat import.seconds) s"
    server_end "$pid"
    rm -f beside.db* second.txt
}

row_page() {
    local got lang
    got=$(cd "$top" && node bench/page.mjs) || {
        say "FAILED: bench/page.mjs"
        return
    }
    echo "$got" >>log
    for lang in kk ru en; do
        local line
        line=$(grep "^page $lang " <<<"$got")
        row "front page in $lang, slow network: the form can be sent" "$(value form_ms "$line")" \
            "$(value form_ms "$line") ms" max:1000 "1 s"
        row "  the script is ready" "$(value ready_ms "$line")" "$(value ready_ms "$line") ms" max:2000 "2 s"
        note "before the scanner is asked for" "$(value kb_gz "$line") kB"
    done
}
