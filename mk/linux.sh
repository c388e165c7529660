#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# linux.sh DIRECTORY: Debian's Linux kernel for arm64, as DIRECTORY/vmlinuz, and
# DIRECTORY/initrd with the modules that virtio disks need and DIRECTORY/init, which is
# there already. The machine's own package lists stay as they are.
set -eu

directory=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -d "$directory/modules" ]; then
    mkdir -p "$work/lists/partial" "$work/status.d"
    : >"$work/status"
    apt="-o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::Lists=$work/lists
         -o Dir::State::status=$work/status -o Dir::Cache=$work -o Dir::Cache::archives=$work
         -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User="
    echo "setup: fetching Debian's Linux kernel for arm64"
    apt-get $apt update >"$work/log" 2>&1 || true
    kernel=$(apt-cache $apt depends linux-image-arm64 | sed -n 's/^  Depends: //p')
    (cd "$work" && apt-get $apt download "$kernel" >>log 2>&1) || {
        tail -n 5 "$work/log" >&2
        echo "setup: no Linux kernel to be had (above)" >&2
        exit 1
    }
    dpkg-deb --fsys-tarfile "$work"/linux-image-*.deb | tar -x -C "$work" --wildcards './boot/vmlinuz-*' \
        '*/drivers/virtio/*' '*/drivers/block/virtio_blk.ko*' '*/lib/modules/*'
    mkdir -p "$directory/modules.new"
    for module in virtio_mmio virtio_blk; do
        find "$work/lib/modules" -name "$module.ko" -exec cp {} "$directory/modules.new" \;
    done
    cp "$work"/boot/vmlinuz-* "$directory/vmlinuz"
    echo "$kernel" >"$directory/version"
    mv "$directory/modules.new" "$directory/modules"
fi

mkdir "$work/root" "$work/root/dev"
cp "$directory/init" "$directory"/modules/*.ko "$work/root"
(cd "$work/root" && find . | cpio --quiet -o -H newc) | gzip -1 >"$directory/initrd"
