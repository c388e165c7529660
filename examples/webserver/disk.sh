#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# disk.sh SITE IMAGE: make a GPT disk with one partition, "site", that holds the
# folder SITE as docs/site-format.md describes. Standard tools only, without root.
# IMAGE is replaced when all has gone well, and not touched before.
set -eu
PATH=$PATH:/usr/sbin:/sbin

site=$1
image=$2
most_files=4096
most_names=262144
most_bytes=$((4 * 1024 * 1024 * 1024))
start=1048576 # of the partition; as much again after it for the second GPT

fail() {
    echo "disk: $1" >&2
    exit 1
}

[ -d "$site" ] || fail "SITE=$site is not a folder"
[ -r "$site" ] && [ -x "$site" ] || fail "SITE=$site cannot be read"
mkdir -p "$(dirname "$image")"
temporary=$(mktemp "$image.XXXXXX")
trap 'rm -f "$temporary" "$temporary.log"' EXIT
trap 'exit 1' INT TERM HUP

pack() {
    tar --create --format=ustar --sort=name --dereference --hard-dereference --owner=0 --group=0 \
        --numeric-owner --directory="$site" "$@" . 2>"$temporary.log"
}
say_log() {
    sed 's/^tar: //; /Exiting with failure status/d; /^Total bytes written/d' "$temporary.log" |
        head -n 5 >&2
}

# Into /dev/null tar only counts.
pack --totals --file=/dev/null || {
    say_log
    fail "SITE=$site cannot be packed (above)"
}
bytes=$(sed -n 's/^Total bytes written: \([0-9]*\).*/\1/p' "$temporary.log")
files=$(find -L "$site" -type f -printf . | wc -c)
names=$(find -L "$site" -type f -printf %P | wc -c)

[ "$files" -le $most_files ] ||
    fail "SITE=$site has $files files; the web server knows at most $most_files"
[ "$names" -le $most_names ] ||
    fail "the names of SITE=$site have $names bytes together; the web server has room for $most_names"
[ "$bytes" -le $most_bytes ] ||
    fail "SITE=$site needs $bytes bytes; a disk has at most $most_bytes"

size=$(((bytes + 1048575) / 1048576 * 1048576))
free=$(($(df -Pk "$(dirname "$image")" | awk 'NR == 2 { print $4 }') * 1024))
[ "$free" -ge $((size + 2 * start)) ] ||
    fail "SITE=$site needs a disk of $((size + 2 * start)) bytes; where it would lie," \
        "$(dirname "$image"), only $free are free"

truncate --size=$((size + 2 * start)) "$temporary"
sgdisk --clear --set-alignment=2048 --new=1:$((start / 512)):$(((start + size) / 512 - 1)) \
    --change-name=1:site "$temporary" >"$temporary.log" 2>&1 || {
    cat "$temporary.log" >&2
    fail "sgdisk failed (above)"
}
# A pipe's status is that of its last command: tar says in the log if it failed.
{ pack --file=- || echo "pack failed" >>"$temporary.log"; } |
    dd of="$temporary" bs=1M seek=$((start / 1048576)) conv=notrunc iflag=fullblock status=none
if grep -q '^pack failed' "$temporary.log"; then
    say_log
    fail "SITE=$site cannot be packed (above)"
fi
mv "$temporary" "$image"
echo "  DISK    $site: $files files, $((size / 1048576)) MiB"
