#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# setup.sh LIST: install the Debian packages that LIST names and that are missing.
# Says what it installs, and becomes root only if something is.
set -eu

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is not a Debian machine; install the counterparts of these yourself," >&2
    echo "  then say SETUP=no:" $(cat "$1") >&2
    exit 1
fi

missing=
for package in $(cat "$1"); do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "setup: installing Debian packages:$missing"
as_root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: needs root, and there is no sudo; as root, say:" >&2
        echo "  apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
    as_root=sudo
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends $missing >"$log" 2>&1
}
# A fresh machine has no package lists, a stale one has old ones.
install || { $as_root apt-get update >"$log" 2>&1 && install; } || {
    tail -n 20 "$log" >&2
    echo "setup: apt-get failed (above); nothing else was changed" >&2
    exit 1
}
