#!/usr/bin/env bash
# `make test`: builds the release binary (what the end-to-end tests run) and the tests (debug, so that every check in the
# code is on), starts moto and PostgreSQL, runs every test, stops both.
# Arguments go to `swift test`, for example: Tests/TestBed/run-tests.sh --filter Parquet
# LANDFALL_SHARED, a folder with more input files, is passed on; the tests that need it are skipped without it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
moto_seconds=60

# Settings of the caller's own shell must not reach the tests.
for name in "${!LANDFALL_@}" "${!AWS_@}"; do
    [ "$name" = LANDFALL_SHARED ] || unset "$name"
done

scratch=$(mktemp -d "${TMPDIR:-/tmp}/landfall-tests.XXXXXX")
chmod 755 "$scratch" # PostgreSQL runs as another user when root runs the tests
moto=
stop_all() {
    local status=$?
    trap - EXIT
    [ -z "$moto" ] || { kill "$moto" 2>/dev/null && wait "$moto" 2>/dev/null; } || true
    [ ! -d "$scratch/postgres" ] || "$here/postgres.sh" stop "$scratch/postgres" >/dev/null || true
    rm -rf "$scratch"
    exit "$status"
}
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$here/packages.sh"
python=$("$here/setup.sh")
swift build -c release --product landfall
swift build --build-tests

"$python" "$here/motobed.py" 0 >"$scratch/moto.url" 2>"$scratch/moto.log" &
moto=$!
waited=0
until [ -s "$scratch/moto.url" ]; do
    kill -0 "$moto" 2>/dev/null || { cat "$scratch/moto.log" >&2; echo "moto ended before it listened" >&2; exit 1; }
    [ $((waited += 1)) -le $((moto_seconds * 5)) ] || { echo "moto did not listen in $moto_seconds s" >&2; exit 1; }
    sleep 0.2
done
echo "the test bed's own checks:"
"$python" "$here/check_motobed.py" "$(cat "$scratch/moto.url")"
postgres=$(LANDFALL_OWNER_PID=$$ "$here/postgres.sh" start "$scratch/postgres")

export LANDFALL_BINARY=$PWD/.build/release/landfall LANDFALL_PYTHON=$python
LANDFALL_TEST_MOTO=$(cat "$scratch/moto.url")
export LANDFALL_TEST_MOTO LANDFALL_TEST_POSTGRES=$postgres

status=0
run() {
    swift test --skip-build "$@" 2>&1 | tee -a "$scratch/log" || status=$?
}
if [ $# -gt 0 ]; then
    run "$@"
else
    # What watches deadlines and kept connections first, by itself; then all that computes; then the end-to-end tests, which wait
    # for processes of their own. Together they would keep each other waiting for minutes.
    run --filter '(HTTP|AWS)Tests'
    run --skip '(HTTP|AWS|EndToEnd)Tests'
    run --filter EndToEndTests
fi
# What failed is said once more at the end, where a reader of a long log looks first.
if [ "$status" != 0 ]; then
    printf '\nWhat failed:\n'
    grep --text -E -A 12 '^✘|: error: |Fatal error|unexpected signal' "$scratch/log" | grep --text -vE '^[✔◇]' | head -c 20000 || true
fi
(exit "$status")
