#!/usr/bin/env bash
# Makes .build/testbed-venv with what requirements.txt pins, and prints the path of its python. Quick when it is there already.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$(cd "$here/../.." && pwd)/.build/testbed-venv
python=$venv/bin/python

if ! cmp -s "$here/requirements.txt" "$venv/installed.txt" || ! "$python" -c '' 2>/dev/null; then
    echo "setting up the test bed's Python packages in $venv" >&2
    rm -rf "$venv"
    mkdir -p "$(dirname "$venv")"
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" >&2
    cp "$here/requirements.txt" "$venv/installed.txt"
fi
echo "$python"
