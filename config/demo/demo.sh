#!/usr/bin/env bash
# `make demo`: three files through `landfall worker` on the local backend into a PostgreSQL cluster of the demo's own.
# Ends with exit code 0 only if rows, files, rejects, dead letters and announcements are all as they should be.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

section "Starting"
forget_settings
make_folder landfall-demo
start_postgres
export LANDFALL_BACKEND=local LANDFALL_LOCAL_ROOT=$folder/local
start_worker

section "Dropping three files into $LANDFALL_LOCAL_ROOT/landing"
mkdir -p "$LANDFALL_LOCAL_ROOT/landing/crm" "$LANDFALL_LOCAL_ROOT/landing/exports"
for key in crm/contacts.csv exports/readings.jsonl crm/broken.csv; do
    cp "$folder/files/$key" "$LANDFALL_LOCAL_ROOT/copying"
    mv "$LANDFALL_LOCAL_ROOT/copying" "$LANDFALL_LOCAL_ROOT/landing/$key" # whole files only: write, then rename
    echo "$key"
done
await_jobs

show_jobs
show_table
show_parquet "$LANDFALL_LOCAL_ROOT/output"
show_rejects "$LANDFALL_LOCAL_ROOT/rejects"
show_dlq
section "The announcements (events.jsonl)"
python3 "$demo/verify.py" announcements "$LANDFALL_LOCAL_ROOT/events.jsonl"
cp "$LANDFALL_LOCAL_ROOT/events.jsonl" "$folder/evidence/announced-events.jsonl"
show_sql

section "Stopping"
stop_worker
verify
