# What demo.sh and demo-aws.sh share. Sourced by them, after `set -euo pipefail`.
# shellcheck shell=bash

demo=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$demo/../.." && pwd)
landfall=${landfall:-$top/.build/release/landfall}
ready_seconds=60      # how long the worker may take to start
ended_seconds=120     # how long the three jobs may take
stop_seconds=60       # how long the worker may take to stop

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

section() { printf '\n%s== %s%s\n\n' "$bold" "$1" "$plain"; }
fail() { printf '\n%sThe demo failed:%s %s\nThe files are in %s\n' "$bold" "$plain" "$1" "${folder:-nowhere yet}" >&2; exit 1; }
indent() { sed 's/^/    /'; }

# Settings of the caller's own shell must not reach the demo.
forget_settings() {
    local name
    for name in "${!LANDFALL_@}" "${!AWS_@}"; do unset "$name"; done
}

# A new folder: files/ (inputs), work/ (scratch), evidence/ (what the checks read), postgres/, logs.
make_folder() {
    [ -x "$landfall" ] || fail "$landfall is not there. Run 'make build' first."
    folder=$(mktemp -d "${TMPDIR:-/tmp}/$1.XXXXXX")
    chmod 755 "$folder" # PostgreSQL runs as another user when root runs the demo
    mkdir "$folder/evidence" "$folder/work"
    echo "The demo's files are in $folder"
    python3 "$demo/make_demo_files.py" "$folder/files"
}

start_postgres() {
    local url
    url=$(LANDFALL_OWNER_PID=$$ "$top/Tests/TestBed/postgres.sh" start "$folder/postgres") || fail "PostgreSQL did not start."
    export LANDFALL_DATABASE_URL=$url
    echo "PostgreSQL: $url"
}

# Starts the worker with the settings that are exported, and waits until it answers.
start_worker() {
    local port waited=0
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export LANDFALL_WORK_DIR=$folder/work LANDFALL_PIPELINES=$top/config/pipelines
    export LANDFALL_ADMIN_ADDRESS=127.0.0.1:$port LANDFALL_KEEP_SCRATCH=true LANDFALL_CONFIG=$top/config/landfall.yaml
    "$landfall" worker >"$folder/worker.log" 2>&1 &
    worker=$!
    until "$landfall" check --health >"$folder/health.log" 2>&1; do
        kill -0 "$worker" 2>/dev/null || { tail -n 20 "$folder/worker.log" >&2; fail "the worker ended before it was ready."; }
        [ $((waited += 1)) -le $((ready_seconds * 5)) ] || fail "the worker was not ready in $ready_seconds s."
        sleep 0.2
    done
    echo "landfall worker: process $worker, log in $folder/worker.log"
}

# Waits until three jobs have ended; leaves them in evidence/jobs.jsonl.
await_jobs() {
    local ended=0 deadline=$((SECONDS + ended_seconds))
    while [ "$ended" -lt 3 ]; do
        kill -0 "$worker" 2>/dev/null || { tail -n 20 "$folder/worker.log" >&2; fail "the worker ended by itself."; }
        [ "$SECONDS" -lt "$deadline" ] || { cat "$folder/evidence/jobs.jsonl" >&2; fail "no three ended jobs in $ended_seconds s."; }
        sleep 0.2
        "$landfall" jobs list --json >"$folder/evidence/jobs.jsonl" || fail "'landfall jobs list --json' failed."
        ended=$(python3 "$demo/verify.py" ended "$folder/evidence/jobs.jsonl")
    done
    echo "three jobs have ended"
}

show_jobs() {
    local id
    section "The jobs (landfall jobs list) and their steps (landfall jobs show)"
    "$landfall" jobs list
    for id in $(python3 "$demo/verify.py" ids "$folder/evidence/jobs.jsonl"); do
        echo
        "$landfall" jobs show "$id"
    done
}

show_table() {
    section "The first rows of demo.contacts"
    psql -X -q "$LANDFALL_DATABASE_URL" -P pager=off -P 'null=(null)' -c "
        select contact_id, full_name, nickname, city, credit_limit, signed_up, visits, newsletter, _row
        from demo.contacts order by contact_id limit 5"
    psql -X -q "$LANDFALL_DATABASE_URL" -P pager=off -c "select pipeline, target_table, rows, loaded_at from landfall.loads" ||
        fail "the ledger landfall.loads cannot be read."
    psql -X -q -t -A "$LANDFALL_DATABASE_URL" -c "$(python3 "$demo/verify.py" sql "$folder/files/expected.json")" \
        >"$folder/evidence/table.txt" || fail "demo.contacts cannot be read."
}

# show_parquet FOLDER: every Parquet file under it, by landfall inspect.
show_parquet() {
    local file
    section "The Parquet files (landfall inspect)"
    : >"$folder/evidence/parquet.jsonl"
    find "$1" -name '*.parquet' | sort >"$folder/evidence/parquet.txt"
    while read -r file; do
        echo "$file"
        "$landfall" inspect "$file" </dev/null | indent
        "$landfall" inspect --json "$file" </dev/null | python3 "$demo/verify.py" named "$file" >>"$folder/evidence/parquet.jsonl"
    done <"$folder/evidence/parquet.txt"
}

# show_rejects FOLDER: every rejects file under it.
show_rejects() {
    section "The rejected rows, with their reasons"
    find "$1" -name '*.csv' | sort >"$folder/evidence/rejects.txt"
    python3 "$demo/verify.py" rejects "$folder/evidence/rejects.txt"
}

show_dlq() {
    local id
    section "The dead-letter queue (landfall dlq list, landfall dlq show)"
    "$landfall" dlq list --json >"$folder/evidence/dlq.jsonl" || fail "'landfall dlq list --json' failed."
    "$landfall" dlq list
    id=$(python3 "$demo/verify.py" first-id "$folder/evidence/dlq.jsonl")
    [ -z "$id" ] || { echo; "$landfall" dlq show "$id"; }
}

show_sql() {
    local file
    section "The generated SQL (its data cut short)"
    # The one that is whole: the script of the broken file ends where the file broke.
    file=$(find "$folder/work" -path '*/sql/0001.sql' -exec grep -l '^COMMIT;' {} + | head -n 1)
    [ -n "$file" ] || fail "no sql/0001.sql under $folder/work."
    echo "$file"
    awk '
        data && $0 == "\\." { data = 0 }
        data && ++rows > 3 { if (rows == 4) print "    ..."; next }
        !data && toupper($0) ~ /^COPY .*FROM STDIN/ { data = 1; rows = 0 }
        { print "    " substr($0, 1, 116) }' "$file"
}

stop_worker() {
    local status=0 waited=0
    kill -TERM "$worker"
    while kill -0 "$worker" 2>/dev/null; do
        [ $((waited += 1)) -le $((stop_seconds * 10)) ] || { kill -KILL "$worker"; fail "SIGTERM did not stop the worker in $stop_seconds s."; }
        sleep 0.1
    done
    wait "$worker" || status=$?
    worker=
    [ "$status" -eq 0 ] || { tail -n 20 "$folder/worker.log" >&2; fail "the worker ended with exit code $status after SIGTERM, not 0."; }
    echo "SIGTERM: the worker ended with exit code 0"
}

# The trap of both demos: whatever happens, nothing that was started stays.
stop_all() {
    local status=$?
    trap - EXIT
    for process in "${worker:-}" "${moto:-}"; do
        [ -z "$process" ] || { kill -KILL "$process" 2>/dev/null && wait "$process" 2>/dev/null; } || true
    done
    [ ! -d "${folder:-}/postgres" ] || "$top/Tests/TestBed/postgres.sh" stop "$folder/postgres" >/dev/null || true
    exit "$status"
}
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

verify() {
    section "Checks"
    python3 "$demo/verify.py" check "$folder" || fail "not everything is as it should be; see the lines marked FAILED."
    printf '\n%sAll is as it should be.%s The files are in %s\n' "$bold" "$plain" "$folder"
}
