#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# source.sh PACKAGE DIRECTORY: unpack the Debian source package into DIRECTORY.
#
# Machines seldom have source entries in their package lists. So this makes its own
# from the machine's, in a folder of its own, and leaves the machine's as they are.
set -eu

package=$1
directory=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/parts"

for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ ! -f "$list" ] || sed -n 's/^deb\([[:space:]]\)/deb-src\1/p' "$list"
done >"$work/parts/source.list"
for list in /etc/apt/sources.list.d/*.sources; do
    [ ! -f "$list" ] || sed 's/^Types:.*/Types: deb-src/' "$list" >"$work/parts/$(basename "$list")"
done

apt="-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$work/parts
     -o Dir::State::Lists=$work/lists -o APT::Sandbox::User= -o Dir::Cache=$work
     -o Dir::Cache::archives=$work -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache="
echo "setup: fetching the Debian source package $package"
# Some of a machine's other repositories have no sources; what counts is the package.
apt-get $apt update >"$work/log" 2>&1 || true
if ! (cd "$work" && apt-get $apt source "$package" >>log 2>&1); then
    tail -n 20 "$work/log" >&2
    echo "setup: no source package $package to be had (above)" >&2
    exit 1
fi
rm -rf "$directory"
mkdir -p "$(dirname "$directory")"
mv "$work/$package"-*/ "$directory"
