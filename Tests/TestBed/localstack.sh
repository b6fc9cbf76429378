#!/usr/bin/env bash
# `make test-localstack`: installs LocalStack into .build/localstack-venv, starts it on the loopback, runs the tests of the
# AWS client that need an emulator which compares checksums and knows Step Functions' tasks, and ends it.
# Needs python3.13 (PYTHON313 names another one) and the package index. Arguments go to `swift test`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
python=${PYTHON313:-python3.13}
venv=$PWD/.build/localstack-venv
wait_seconds=120

command -v "$python" >/dev/null || { echo "LocalStack needs python3.13: install it, or name it in PYTHON313" >&2; exit 1; }
if [ ! -e "$venv/complete" ]; then
    "$python" -m venv "$venv"
    # newer versions of these break it
    "$venv/bin/pip" install --quiet 'localstack-core[runtime]==2026.3.0' cbor2==5.7.1 pyopenssl==25.3.0 \
        cryptography==46.0.3 service-identity==24.2.0 psutil==7.1.3
    touch "$venv/complete"
fi
swift build --build-tests

scratch=$(mktemp -d "${TMPDIR:-/tmp}/landfall-localstack.XXXXXX")
localstack=
stop_all() {
    local status=$?
    trap - EXIT
    [ -z "$localstack" ] || { kill "$localstack" 2>/dev/null && wait "$localstack" 2>/dev/null; } || true
    rm -rf "$scratch"
    exit "$status"
}
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
(
    cd "$scratch"
    exec env -u AWS_CA_BUNDLE LOCALSTACK_HOST="localhost.localstack.cloud:$port" GATEWAY_LISTEN="127.0.0.1:$port" \
        LOCALSTACK_VOLUME_DIR="$scratch" FILESYSTEM_ROOT="$scratch/fs" DISABLE_EVENTS=1 SKIP_SSL_CERT_DOWNLOAD=1 \
        SERVICES=s3,sqs,sns,events,stepfunctions,sts,iam,logs,secretsmanager SQS_ENDPOINT_STRATEGY=path \
        PATH="$venv/bin:$PATH" "$venv/bin/python" -m localstack.runtime.main
) >"$scratch/log" 2>&1 &
localstack=$!
waited=0
until curl -fs -m 2 -o /dev/null "http://127.0.0.1:$port/_localstack/health"; do
    kill -0 "$localstack" 2>/dev/null || { cat "$scratch/log" >&2; echo "LocalStack ended before it listened" >&2; exit 1; }
    [ $((waited += 1)) -le $((wait_seconds * 5)) ] || { cat "$scratch/log" >&2; echo "LocalStack did not listen in $wait_seconds s" >&2; exit 1; }
    sleep 0.2
done
LANDFALL_TEST_LOCALSTACK=http://127.0.0.1:$port swift test --skip-build --filter LocalStackTests "$@"
