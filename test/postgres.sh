#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# postgres.sh start DIR [SETTING=VALUE...] - makes a PostgreSQL cluster in DIR (when there is none) and
#     starts it on a free port of 127.0.0.1; prints its URL, without a database. Trusts whoever asks.
# postgres.sh standby DIR OF_DIR NAME [SETTING=VALUE...] - makes DIR a streaming standby of the running
#     cluster in OF_DIR, under that application_name, and starts it; prints its URL.
# postgres.sh again DIR - starts a stopped one on its port, as it is; prints its URL.
# postgres.sh promote DIR - makes a standby the primary.
# postgres.sh stop DIR [MODE] - stops it (fast) and waits; kill: SIGKILL to all its processes.
# postgres.sh port DIR - prints its port.
#
# The settings are those of a test: what is written need not survive the machine (fsync off) unless
# SETTING says other. PostgreSQL refuses to run as root, so root runs it as Debian's user postgres.
set -euo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
if [ -z "$bin" ]; then
    echo "postgres.sh: there is no PostgreSQL: install the packages of packages-test.txt" >&2
    exit 1
fi

as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@")
    else
        (exec "$@")
    fi
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

url() { # DIR
    local port user=
    port=$(cat "$1/port")
    [ "$(id -u)" -ne 0 ] || user=postgres@
    echo "postgresql://${user}127.0.0.1:$port"
}

settings() { # DIR SETTING...
    local dir=$1 setting port
    shift
    port=$(free_port)
    echo "$port" >"$dir/port"
    {
        echo "include 'postgresql.conf'"
        echo "port = $port"
        echo "listen_addresses = '127.0.0.1'"
        echo "unix_socket_directories = '$dir'"
        echo "max_connections = 200"
        echo "fsync = off"
        echo "full_page_writes = off"
        echo "logging_collector = off"
        for setting in "$@"; do
            echo "${setting%%=*} = '${setting#*=}'"
        done
    } >"$dir/data/test.conf"
    [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$dir/data/test.conf"
}

# Waits for a server that takes connections. Fails when its process is gone, with its last words.
run() { # DIR
    local dir=$1 i
    as_postgres "$bin/postgres" -D "$dir/data" -c "config_file=$dir/data/test.conf" \
        </dev/null >>"$dir/log" 2>&1 &
    for ((i = 0; i < 600; i++)); do
        if as_postgres "$bin/pg_isready" -q -h 127.0.0.1 -p "$(cat "$dir/port")"; then
            return 0
        fi
        if ! kill -0 $! 2>/dev/null; then
            break
        fi
        sleep 0.05
    done
    tail -5 "$dir/log" >&2
    return 1
}

stop() { # DIR MODE
    local pid i
    pid=$(head -1 "$1/data/postmaster.pid" 2>/dev/null || true)
    [ -n "$pid" ] || return 0
    if [ "$2" = kill ]; then
        # The postmaster first, so that it starts nobody anew; then its children.
        local children
        children=$(pgrep -P "$pid" || true)
        kill -KILL "$pid" $children 2>/dev/null || true
    else
        kill -INT "$pid" 2>/dev/null || true # fast: PostgreSQL 15, 19.5
    fi
    for ((i = 0; i < 600; i++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.05
    done
    return 1
}

command=$1
dir=$(readlink -f "$2")
shift 2
case $command in
start)
    mkdir -p "$dir"
    [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$dir"
    if [ ! -d "$dir/data" ]; then
        as_postgres "$bin/initdb" -D "$dir/data" -A trust -E UTF8 --locale=C.UTF-8 -N \
            >"$dir/log" 2>&1 || { tail -5 "$dir/log" >&2; exit 1; }
    fi
    settings "$dir" "$@"
    run "$dir"
    url "$dir"
    ;;
standby)
    primary=$(readlink -f "$1")
    name=$2
    shift 2
    mkdir -p "$dir"
    [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$dir"
    as_postgres "$bin/pg_basebackup" -d "$(url "$primary")?application_name=$name" \
        -D "$dir/data" -c fast -X stream -R >"$dir/log" 2>&1 || { tail -5 "$dir/log" >&2; exit 1; }
    settings "$dir" "$@"
    run "$dir"
    url "$dir"
    ;;
again)
    run "$dir"
    url "$dir"
    ;;
promote) as_postgres "$bin/pg_ctl" -D "$dir/data" -t 60 promote >>"$dir/log" 2>&1 ;;
stop) stop "$dir" "${1:-fast}" ;;
port) cat "$dir/port" ;;
*)
    echo "postgres.sh: start, again, standby, promote, stop, port" >&2
    exit 2
    ;;
esac
