#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that building and testing Landfall need and that are missing; quick when none is.
set -euo pipefail

needed=(libcurl4-openssl-dev libssl-dev libpq-dev libsqlite3-dev libzstd-dev zlib1g-dev libbz2-dev libbrotli-dev pkg-config
    postgresql python3 python3-venv)
missing=()

is_installed() {
    # any server version will do: the tests start clusters of their own with its programs
    if [ "$1" = postgresql ] && compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then return 0; fi
    # Debian 13 and Ubuntu 24.04 have pkgconf in pkg-config's place
    if [ "$1" = pkg-config ] && command -v pkg-config >/dev/null; then return 0; fi
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "This is not Debian or Ubuntu. Install what these packages hold yourself: ${needed[*]}" >&2
    exit 0
fi
for package in "${needed[@]}"; do
    is_installed "$package" || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "These packages are missing: ${missing[*]}. Install them as root, or install sudo, then run this again." >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "installing ${missing[*]}"
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null; }
apt update
apt install -y --no-install-recommends "${missing[@]}"
