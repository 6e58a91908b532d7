#!/bin/sh
# A private, throw-away PostgreSQL for tests; it touches no other cluster of the machine.
#
#   scripts/postgres.sh start DIR PORT   starts it (again) and prints its address
#   scripts/postgres.sh stop DIR         stops it; the files stay in DIR
#
# Listens on 127.0.0.1:PORT and on a socket in DIR, trusts whoever connects, and syncs like a real server.
# Debian's package is installed when it is missing and we are root.
set -eu

fail() {
    echo "postgres.sh: $*" >&2
    exit 1
}

usage() {
    fail "usage: postgres.sh start DIR PORT | stop DIR"
}

# The folder with initdb and pg_ctl: the newest version installed.
binaries() {
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -rn); do
        if [ -x "$folder/initdb" ]; then
            echo "$folder"
            return
        fi
    done
}

# Installs the server without letting the package create or start a cluster of its own.
install_server() {
    [ "$(id -u)" = 0 ] || fail "PostgreSQL is missing; run: sudo apt-get install postgresql"
    mkdir -p /etc/postgresql-common
    conf=/etc/postgresql-common/createcluster.conf
    [ -e "$conf" ] || echo "create_main_cluster = false" >"$conf"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && apt-get install -qy --no-install-recommends postgresql; } >&2 ||
        fail "apt-get could not install postgresql"
}

# Runs a command as a user that PostgreSQL accepts: it refuses root.
unprivileged() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

# Makes DIR one that the user postgres may enter and write.
prepare_folder() {
    mkdir -p "$1/data"
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$1" "$1/data"
        unprivileged test -w "$1/data" || fail "the user postgres cannot reach $1; choose a folder below /tmp"
    fi
    chmod 700 "$1/data"
}

# The port of a running server, from the fourth line of its pid file.
running_port() {
    unprivileged "$bin/pg_ctl" -D "$1/data" status >/dev/null 2>&1 && sed -n 4p "$1/data/postmaster.pid"
}

wait_until_ready() {
    tries=0
    until "$bin/pg_isready" -q -h 127.0.0.1 -p "$2" -U postgres; do
        tries=$((tries + 1))
        [ "$tries" -le 150 ] || fail "no answer on port $2 after 30 seconds; see $1/log"
        sleep 0.2
    done
}

start() {
    prepare_folder "$1"
    if port=$(running_port "$1"); then
        [ "$port" = "$2" ] || fail "$1 already serves port $port"
    else
        [ -e "$1/data/PG_VERSION" ] ||
            unprivileged "$bin/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
        unprivileged "$bin/pg_ctl" -D "$1/data" -l "$1/log" -w -t 30 start \
            -o "-k '$1' -p $2 -c listen_addresses=127.0.0.1 -c max_connections=300" >/dev/null ||
            fail "the server did not start on port $2; see $1/log"
    fi
    wait_until_ready "$1" "$2"
    echo "postgres://postgres@127.0.0.1:$2/postgres"
}

stop() {
    if running_port "$1" >/dev/null; then
        unprivileged "$bin/pg_ctl" -D "$1/data" -m fast -w stop >/dev/null
    fi
}

[ $# -ge 2 ] || usage
mkdir -p "$2"
folder=$(cd "$2" && pwd)
bin=$(binaries)
if [ -z "$bin" ]; then
    install_server
    bin=$(binaries)
    [ -n "$bin" ] || fail "the package postgresql has no server in /usr/lib/postgresql"
fi

case "$1" in
start)
    [ $# = 3 ] || usage
    start "$folder" "$3"
    ;;
stop)
    [ $# = 2 ] || usage
    stop "$folder"
    ;;
*) usage ;;
esac
