#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run - starts the register with its demonstration data, so that a stranger can look at it.
# The data is made once, in var/, and kept; `make demo-reset` (run.sh reset) makes the next run
# begin anew; a list of models that was fetched stays.
# Its people are on the page /sign-in: choose a role there.
# Border, post, customs and GSMA are programs beside it (test/peers/peer.py), which it asks over HTTP. They are
# children of the process that becomes the server and end with it, however it ends: nobody has to stop them.
# An EIR node (tamga-eir) follows it the same way, on free ports of its own: it asks until the register is there, and
# ends with it.
# PORT=8080 is where it listens (0 = any); when that port is taken, the next free one. TAMGA_VAR=var
# is the directory of the data, TAMGA=build/tamga the program.
set -euo pipefail
cd "$(dirname "$0")/.."

tamga=${TAMGA:-build/tamga}
var=${TAMGA_VAR:-var}
register=sqlite:$var/tamga.db
tac_done=$var/tac-list.done
settings=$var/demo.ini

# Made aside and moved when whole, so that an interrupted start leaves no half register.
# Who used which phone yesterday, so that the operator's desk has somebody to find.
make_feed() {
    local day imsi=401019990000000 msisdn=77009900000 imei
    day=$(TZ=Asia/Almaty date -d yesterday +%F)
    echo "date,imei,imsi,msisdn,rat"
    for imei in 35920507990007 86927102990008 35267708990009; do # grey_29, grey_last_day, expired
        imsi=$((imsi + 1)) msisdn=$((msisdn + 1))
        echo "$day,$imei,$imsi,$msisdn,006"
    done
}

make_demo() {
    echo "Making the demonstration register in $var/ ..."
    rm -rf "$var/making"
    mkdir -p "$var/making"
    "$tamga" --register "sqlite:$var/making/tamga.db" demo create
    "$tamga" --register "sqlite:$var/making/tamga.db" customs load tools/demo_declarations.csv
    make_feed >"$var/making/feed.csv"
    "$tamga" --register "sqlite:$var/making/tamga.db" feed load --operator demo "$var/making/feed.csv"
    rm "$var/making/feed.csv"
    find "$var/making" -type f ! -name tamga.db -exec mv {} "$var/" \;
    mv "$var/making/tamga.db" "$var/"
    : >"$var/made"
    rm -rf "$var/making"
}

# A list of real models, when one can be had; asked for at most once a day.
fetch_tac_list() {
    local cache=$var/cache
    mkdir -p "$cache"
    [ -s "$cache/tacdb.csv" ] && return 0
    command -v npm >/dev/null || return 1
    [ -z "$(find "$cache/asked" -mtime -1 2>/dev/null)" ] || return 1
    : >"$cache/asked"
    echo "Fetching a list of models (npm: imei_gencheck 4.0.0) ..."
    (
        cd "$cache"
        timeout 60 npm pack --silent --fetch-retries=0 imei_gencheck@4.0.0 >npm.log 2>&1 &&
            tar -xzf imei_gencheck-4.0.0.tgz --wildcards -O '*.csv' >tacdb.tmp &&
            mv tacdb.tmp tacdb.csv
    )
}

import_tac_list() {
    [ -e "$tac_done" ] && return
    if fetch_tac_list &&
        "$tamga" --register "$register" import tac --format osmocom "$var/cache/tacdb.csv"; then
        : >"$tac_done"
        return
    fi
    echo "No list of models at hand: going on without (models show as not known)."
}

port_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Those that come up are named in a settings file, and told. $$ stays the same when it becomes the server.
start_peers() {
    local name port fd fds=() fails=
    echo '; Whom the demonstration asks; written anew at each start.' >"$settings"
    if ! command -v python3 >/dev/null; then
        echo "No python3 at hand: the demonstration answers for border and post itself, nobody for customs and GSMA."
        return
    fi
    for name in border parcel gsma customs; do
        exec {fd}< <(exec python3 test/peers/peer.py "$name" --parent $$ </dev/null 2>>"$var/peers.log")
        fds+=("$name $fd")
    done
    echo "Whom it asks, each a program of its own (test/peers/peer.py):"
    echo '[portal]' >>"$settings"
    for name in "${fds[@]}"; do
        read -r name fd <<<"$name"
        if read -r -t 10 port <&"$fd"; then
            printf '  %-8s http://127.0.0.1:%s/\n' "$name" "$port"
            echo "$name = http://127.0.0.1:$port/" >>"$settings"
            fails=$port
        else
            echo "  $name did not start: $var/peers.log"
        fi
        exec {fd}<&-
    done
    [ -z "$fails" ] || cat <<EOF
To see it fail:  curl -d '{"as": "500"}' http://127.0.0.1:$fails/fault   (or slow, half, garbage, gone; "": well again)
The sample importer has declared: 55301/010725/0000100/1 (20 devices), 55301/010725/0000200/1 (one).
EOF
}

# A node of the network "demo", told where the register will be. It is a child of the process that becomes the
# server, and a watcher beside it ends it when that is gone.
start_node() { # PORT of the register
    local eir=${tamga%/*}/tamga-eir log=$var/eir.log node sbi
    [ -x "$eir" ] || return 0
    mkdir -p "$var/eir"
    flock -n "$var/eir/lock" true || return 0 # another `make run` has one
    chmod 700 "$var/eir"
    [ -e "$var/eir/node.key" ] ||
        "$tamga" --register "$register" node add demo/laptop --out "$var/eir/node.key" 2>/dev/null || return 0
    sbi=$(free_port)
    "$eir" --registry "http://127.0.0.1:$1" --directory "$var/eir" --diameter "127.0.0.1:$(free_port)" \
        --sbi "127.0.0.1:$sbi" --metrics "127.0.0.1:$(free_port)" </dev/null >"$log" 2>&1 &
    node=$!
    (
        trap '' INT
        tail --pid=$$ -f /dev/null # until the server is gone
        kill "$node" 2>/dev/null
    ) </dev/null >/dev/null 2>&1 &
    echo "An EIR node follows it: S13 and N5g-eir, its log in $log. As an AMF asks:"
    echo "  curl --http2-prior-knowledge 'http://127.0.0.1:$sbi/n5g-eir-eic/v1/equipment-status?pei=imeisv-3573500799000101'"
}

# A port that was free a moment ago.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        port_taken $port || break
    done
    echo $port
}

if [ "${1:-}" = reset ]; then
    rm -rf "$var"/tamga.db* "$var/making" "$tac_done" "$var/eir"
    echo "The next \`make run\` begins with new demonstration data."
    exit
fi

mkdir -p "$var"
chmod 700 "$var"
exec 9>"$var/.lock" # two that start at once: the second waits and finds the data made
flock 9
[ -e "$var/tamga.db" ] || make_demo
import_tac_list

exec 9>&-

made=$(date -r "$var/made" +%F 2>/dev/null || date +%F)
if [ "$made" != "$(date +%F)" ]; then
    echo "The samples were made on $made and their clocks have run on; \`make demo-reset\` makes new ones."
fi

port=${PORT:-8080}
[ "$port" != 0 ] || port=$(free_port)
tries=0
while port_taken "$port" && [ $tries -lt 100 ]; do
    port=$((port + 1))
    tries=$((tries + 1))
done
start_peers
start_node "$port"
exec "$tamga" --register "$register" --settings "$settings" serve --listen "127.0.0.1:$port" --demo
