#!/usr/bin/env bash
# `make demo-aws`: the demo over the wire. moto stands in for AWS: S3 -> EventBridge -> SQS -> worker -> S3, DynamoDB, SNS,
# EventBridge and the dead-letter queue; the rows go into a PostgreSQL cluster of the demo's own.
# Ends with exit code 0 only if all of it is as it should be.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

start_moto() {
    local waited=0
    "$python" "$top/Tests/TestBed/motobed.py" 0 >"$folder/moto.url" 2>"$folder/moto.log" &
    moto=$!
    until [ -s "$folder/moto.url" ]; do
        kill -0 "$moto" 2>/dev/null || { cat "$folder/moto.log" >&2; fail "moto ended before it listened."; }
        [ $((waited += 1)) -le $((ready_seconds * 5)) ] || fail "moto did not listen in $ready_seconds s."
        sleep 0.2
    done
    echo "moto, as AWS: $(cat "$folder/moto.url")"
}

section "Starting"
forget_settings
python=$("$top/Tests/TestBed/setup.sh")
make_folder landfall-demo-aws
start_moto
"$python" "$top/Tests/TestBed/provision.py" --endpoint "$(cat "$folder/moto.url")" --prefix demo --shell >"$folder/aws.env"
# shellcheck disable=SC1091
. "$folder/aws.env"
start_postgres
start_worker

section "Uploading three files to s3://$TESTBED_INPUT_BUCKET"
"$python" "$demo/aws.py" upload "$folder/files" crm/contacts.csv exports/readings.jsonl crm/broken.csv
await_jobs

show_jobs
show_table
section "What stands in s3://$TESTBED_OUTPUT_BUCKET"
"$python" "$demo/aws.py" download "$folder/output"
show_parquet "$folder/output"
show_rejects "$folder/output"
show_dlq
section "The dead letters as boto3 reads them, with their attributes"
"$python" "$demo/aws.py" dead-letters "$folder/evidence/dlq.jsonl"
section "The job items as boto3 reads them from DynamoDB"
"$python" "$demo/aws.py" items "$folder/evidence/items.jsonl"
section "The announcements on SNS"
"$python" "$demo/aws.py" announced-topic "$folder/evidence/announced-topic.jsonl"
python3 "$demo/verify.py" announcements "$folder/evidence/announced-topic.jsonl"
section "The announcements on EventBridge"
"$python" "$demo/aws.py" announced-bus "$folder/evidence/announced-bus.jsonl"
python3 "$demo/verify.py" announcements "$folder/evidence/announced-bus.jsonl"
show_sql

section "Stopping"
stop_worker
"$python" "$demo/aws.py" depth "$folder/evidence/queue.json"
verify
