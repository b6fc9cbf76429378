#!/usr/bin/env bash
# A throw-away PostgreSQL cluster for tests and demonstrations.
#
#   postgres.sh start DIR [PORT]   makes a cluster in DIR, starts it, prints its URL
#   postgres.sh crash DIR          ends it without a checkpoint or a farewell, and starts it again
#   postgres.sh stop DIR           stops it, removes its files and, if it is empty then, DIR
#
# It listens on 127.0.0.1 (a free port unless one is given) and on a socket in DIR, trusts whoever connects, and keeps
# UTF-8 text in C order. As root it runs as the user postgres, because PostgreSQL refuses to run as root; a DIR that
# this user cannot enter holds a note of where the cluster is instead.
# LANDFALL_OWNER_PID: the cluster is stopped when that process ends, however it ends.
set -euo pipefail

readonly attempts=20 # ports tried

# What a caller has open must not stay open in the server: some wait until it is closed.
for fd in /proc/self/fd/*; do
    fd="${fd##*/}"
    [[ "$fd" =~ ^([0-2]|255)$ ]] || eval "exec $fd>&-"
done

say() { echo "postgres.sh: $*" >&2; }

usage() {
    sed -n '2,11p' "$0" | sed 's/^# \{0,1\}//' >&2
    exit 64
}

find_programs() {
    local folder
    bin=''
    while read -r folder; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
            bin="$folder/"
            return
        fi
    done < <(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin | sort -rV)
    if command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then return; fi
    say "no initdb and pg_ctl in /usr/lib/postgresql/*/bin or PATH: install the package postgresql"
    exit 69
}

# The user who runs the server; empty for ourselves.
find_owner() {
    owner=''
    [ "$(id -u)" -eq 0 ] || return 0
    owner=postgres
    id "$owner" >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin "$owner"
}

# Runs a program as the owner, from a folder that everybody can enter.
as_owner() {
    if [ -n "$owner" ]; then
        (cd / && setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups env HOME=/ "$@")
    else
        "$@"
    fi
}

# Sets `place` to the folder that the cluster lives in: DIR, or one that the owner can enter.
choose_place() {
    mkdir -p "$dir"
    place="$dir"
    if [ -e "$dir/elsewhere" ]; then
        place="$(cat "$dir/elsewhere")"
    elif [ -n "$owner" ] && ! as_owner test -x "$dir"; then
        place="$(mktemp -d /tmp/landfall-postgres.XXXXXX)"
        chmod 755 "$place"
        echo "$place" >"$dir/elsewhere"
    fi
}

in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

configure() { # PORT
    local sockets="$place"
    [ "${#place}" -le 80 ] || sockets='' # a socket's path has about 100 bytes at most
    cat >"$place/data/postgresql.auto.conf" <<EOF
listen_addresses = '127.0.0.1'
port = $1
unix_socket_directories = '${sockets//\'/\'\'}'
max_connections = 200
timezone = 'UTC'
lc_messages = 'C'
log_timezone = 'UTC'
EOF
    [ -z "$owner" ] || chown "$owner" "$place/data/postgresql.auto.conf"
}

start_server() {
    as_owner "${bin}pg_ctl" start -w -t 60 -s -D "$place/data" -l "$place/data/server.log" </dev/null >/dev/null 2>&1
}

stop_with_owner() {
    ( while kill -0 "$1" 2>/dev/null; do sleep 1; done; "$0" stop "$dir" ) </dev/null >/dev/null 2>&1 &
    disown
}

start() { # [PORT]
    choose_place
    if [ -e "$place/data/PG_VERSION" ]; then
        say "$dir holds a cluster already; stop it first"
        exit 73
    fi
    mkdir -p "$place/data"
    [ -z "$owner" ] || chown "$owner" "$place" "$place/data"
    as_owner "${bin}initdb" -D "$place/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 || {
        say "initdb failed:"
        tail -n 5 "$dir/initdb.log" >&2
        exit 70
    }
    local port attempt
    for attempt in $(seq "$attempts"); do
        port="${1:-$((20000 + (RANDOM * 32768 + RANDOM) % 12000))}"
        if ! in_use "$port"; then
            configure "$port"
            if start_server; then
                [ -z "${LANDFALL_OWNER_PID:-}" ] || stop_with_owner "$LANDFALL_OWNER_PID"
                echo "postgresql://postgres@127.0.0.1:$port/postgres"
                return
            fi
        fi
        [ -z "${1:-}" ] || break
    done
    say "the server did not start${1:+ on port $1} (attempt $attempt):"
    tail -n 5 "$place/data/server.log" >&2 2>/dev/null || say "the port is in use"
    stop
    exit 69
}

crash() {
    place="$dir"
    [ ! -e "$dir/elsewhere" ] || place="$(cat "$dir/elsewhere")"
    as_owner "${bin}pg_ctl" stop -w -s -m immediate -D "$place/data" </dev/null >/dev/null 2>&1 || true
    start_server || { say "the server did not start again"; tail -n 5 "$place/data/server.log" >&2; exit 69; }
}

stop() {
    place="$dir"
    [ ! -e "$dir/elsewhere" ] || place="$(cat "$dir/elsewhere")"
    if [ -e "$place/data/postmaster.pid" ]; then
        as_owner "${bin}pg_ctl" stop -w -s -m immediate -D "$place/data" </dev/null >/dev/null 2>&1 || true
    fi
    rm -rf "$place/data" "$dir/initdb.log"
    case "$place" in /tmp/landfall-postgres.*) rm -rf "$place" "$dir/elsewhere" ;; esac
    rmdir "$dir" 2>/dev/null || true
}

if [ $# -lt 2 ] || [ $# -gt 3 ]; then usage; fi
dir="$(realpath -m "$2")"
find_programs
find_owner
case "$1" in
start) start "${3:-}" ;;
crash) crash ;;
stop) stop ;;
*) usage ;;
esac
