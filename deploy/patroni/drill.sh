#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# drill.sh - brings patroni.yml (twice), arbiter.yml and haproxy.cfg of this folder up on loopback, from a checkout that was
# built with its tests, and runs the drill: with writes and checks going on, the primary's machine "dies" (SIGKILL to its
# Patroni and its PostgreSQL). Tells the seconds without writes; fails when an acknowledged write is lost or a check was
# not answered. Everything lives in a directory of its own and ends with the script.
#
# DRILL_SECONDS  how long writes go on (70: the leader's key lives for 20 s)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
build=${TAMGA_BUILD:-build}
tamga=$build/tamga
seconds=${DRILL_SECONDS:-70}
dir=$(mktemp -d "${TMPDIR:-/tmp}/tamga-patroni.XXXXXX")
chmod 755 "$dir"
declare -A pid

end() {
    local status=$?
    for name in "${!pid[@]}"; do
        kill "${pid[$name]}" 2>/dev/null || true
    done
    # Behind each stands what ran as another user; nothing else names this directory.
    pkill -f "/patroni[^ ]* $dir/" || true
    for node in db1 db2; do
        local postmaster
        postmaster=$(head -1 "$dir/$node/data/postmaster.pid" 2>/dev/null || true)
        [ -z "$postmaster" ] || kill -INT "$postmaster" 2>/dev/null || true
        # No child of ours: its files may go when it has gone.
        [ -z "$postmaster" ] || timeout 30 tail --pid="$postmaster" -f /dev/null || true
    done
    wait || true
    [ "$status" -eq 0 ] || tail -n 5 "$dir"/*.log >&2
    # What the killed servers left running may write for a moment still.
    timeout 30 bash -c 'until rm -rf "$1" 2>/dev/null; do sleep 0.2; done' - "$dir" || rm -rf "$dir" || true
    exit "$status"
}
trap end EXIT

free_ports() { # N
    python3 -c '
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in held: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in held])' "$1"
}

as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@")
    else
        (exec "$@")
    fi
}

until_true() { # SECONDS COMMAND...
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}

read -r rest1 rest2 raft1 raft2 raft3 pg1 pg2 front < <(free_ports 8)

# The files as they are, but for addresses and paths.
localize() { # NODE OTHER REST RAFT PG OTHER_RAFT
    sed -e "s/^name: db1/name: $1/" \
        -e "s/0\.0\.0\.0:8008/127.0.0.1:$3/; s/db1\.example:8008/127.0.0.1:$3/" \
        -e "s/self_addr: db1\.example:2222/self_addr: 127.0.0.1:$4/; s/0\.0\.0\.0:2222/127.0.0.1:$4/" \
        -e "s/db2\.example:2222, arbiter\.example:2222/127.0.0.1:$6, 127.0.0.1:$raft3/" \
        -e "s/0\.0\.0\.0:5432/127.0.0.1:$5/; s/db1\.example:5432/127.0.0.1:$5/" \
        -e "s#/var/lib/patroni/raft#$dir/$1/raft#; s#/var/lib/postgresql/15/tamga#$dir/$1/data#" \
        -e "s#/var/lib/postgresql/\.pgpass-tamga#$dir/$1/pgpass#; s#/etc/tamga/tamga.conf#$dir/tamga.conf#" \
        -e "s#local all all peer#local all all trust#" \
        "$here/patroni.yml" >"$dir/$1.yml"
    sed -i "/^  pgpass/i\\  parameters: {unix_socket_directories: $dir/$1}" "$dir/$1.yml"
    mkdir -p "$dir/$1/raft"
}
sed -e 's/^shared_buffers.*/shared_buffers = 128MB/; s/^min_wal_size.*/min_wal_size = 80MB/' \
    "$here/../postgresql/tamga.conf" >"$dir/tamga.conf"
localize db1 db2 "$rest1" "$raft1" "$pg1" "$raft2"
localize db2 db1 "$rest2" "$raft2" "$pg2" "$raft1"
mkdir -p "$dir/arbiter/raft"
sed -e "s/self_addr: .*/self_addr: 127.0.0.1:$raft3/; s/0\.0\.0\.0:2222/127.0.0.1:$raft3/" \
    -e "s/db1\.example:2222, db2\.example:2222/127.0.0.1:$raft1, 127.0.0.1:$raft2/" \
    -e "s#/var/lib/patroni/raft#$dir/arbiter/raft#" "$here/arbiter.yml" >"$dir/arbiter.yml"
sed -e "s/127\.0\.0\.1:5000/127.0.0.1:$front/" \
    -e "s/db1\.example:5432 check port 8008/127.0.0.1:$pg1 check port $rest1/" \
    -e "s/db2\.example:5432 check port 8008/127.0.0.1:$pg2 check port $rest2/" "$here/haproxy.cfg" >"$dir/haproxy.cfg"
[ "$(id -u)" -ne 0 ] || chown -R postgres:postgres "$dir"

echo "== an arbiter, two Patronis, HAProxy"
as_postgres patroni_raft_controller "$dir/arbiter.yml" >"$dir/arbiter.log" 2>&1 &
pid[arbiter]=$!
as_postgres patroni "$dir/db1.yml" >"$dir/db1.log" 2>&1 &
pid[db1]=$!
until_true 60 curl -sf "http://127.0.0.1:$rest1/primary"
as_postgres patroni "$dir/db2.yml" >"$dir/db2.log" 2>&1 &
pid[db2]=$!
until_true 60 curl -sf "http://127.0.0.1:$rest2/synchronous"
haproxy -f "$dir/haproxy.cfg" >"$dir/haproxy.log" 2>&1 &
pid[haproxy]=$!
primary="postgresql://postgres:change-me-1@127.0.0.1:$front"
# HAProxy takes every server for good until its first check has ended.
until_true 20 psql -qtA "$primary/postgres?target_session_attrs=read-write" -c 'SELECT 1'
sleep 2

echo "== a register, a server, writers"
psql -qtA "$primary/postgres?target_session_attrs=read-write" -c 'CREATE DATABASE tamga'
export TAMGA_REGISTER=$primary/tamga TAMGA_KEY=$dir/tamga.key
"$tamga" demo create >/dev/null
printf '[limits]\n%s\n' "$(printf '%s_rate = 100000\n%s_burst = 100000\n' person person address address public public)" >"$dir/tamga.ini"
"$tamga" --settings "$dir/tamga.ini" serve --listen 127.0.0.1:0 >"$dir/serve.out" 2>"$dir/serve.log" &
pid[serve]=$!
until_true 20 grep -q 'serves http' "$dir/serve.out"
site=$(sed -n 's#.*serves \(http://[^/]*\)/.*#\1#p' "$dir/serve.out")
imei=$("$tamga" demo list | grep -o -m 1 '[0-9]\{15\}')
(
    asked=0 bad=0
    while [ ! -e "$dir/stop" ]; do
        curl -sf -m 5 "$site/api/v1/check/$imei" >/dev/null || bad=$((bad + 1))
        asked=$((asked + 1))
    done
    echo "$asked $bad" >"$dir/asked"
) &
asker=$!
"$build/test/writers" "$TAMGA_REGISTER" "$TAMGA_KEY" 2 "$seconds" 0 "$dir/acks" >"$dir/writers.out" 2>"$dir/writers.log" &
writers=$!
until_true 20 test -s "$dir/acks"
sleep 3

echo "== db1 dies"
before=$(wc -l <"$dir/acks")
postmaster=$(head -1 "$dir/db1/data/postmaster.pid")
kill -KILL "${pid[db1]}"
pkill -KILL -P "${pid[db1]}" || true
kill -KILL "$postmaster" $(pgrep -P "$postmaster") || true
unset 'pid[db1]'
rm -f "$dir/db1/data/postmaster.pid" # so that its number, which may be another's by then, is not ended with the rest
until_true 60 curl -sf "http://127.0.0.1:$rest2/primary"
# One machine is left. Strict: no write until a person says that one is enough.
PATRONICTL_CONFIG_FILE=$dir/db2.yml as_postgres patronictl -c "$dir/db2.yml" edit-config --force \
    -s synchronous_mode_strict=false >/dev/null
wait "$writers" || { cat "$dir/writers.log" >&2; exit 1; }
touch "$dir/stop"
wait "$asker"

echo "== what was kept"
read -r asked bad <"$dir/asked"
after=$(wc -l <"$dir/acks")
lost=0
while read -r some; do
    found=$(psql -qtA "$primary/tamga" -c "SELECT count(*) FROM tamga.facts WHERE imei IN ($some)")
    lost=$((lost + $(tr ',' '\n' <<<"$some" | wc -l) - found))
done < <(sed 's/^0*//' "$dir/acks" | xargs -n 2000 | tr ' ' ',')
"$tamga" db check
echo "$(cat "$dir/writers.out"): before the death $before IMEIs, after it $((after - before)); lost $lost; checks $asked, unanswered $bad"
[ "$lost" -eq 0 ] && [ "$bad" -eq 0 ] && [ "$after" -gt "$before" ]
