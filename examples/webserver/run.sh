#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh DISK EMULATOR...: say what can be done, and boot.
set -eu
disk=$1
shift

forward="hostfwd=tcp:127.0.0.1:$HTTP_PORT-10.0.2.16:80"
forward="$forward,hostfwd=udp:127.0.0.1:$ECHO_UDP_PORT-10.0.2.17:7"
forward="$forward,hostfwd=tcp:127.0.0.1:$ECHO_TCP_PORT-10.0.2.17:7"

cat <<EOF

  Serving $SITE
    browser    http://localhost:$HTTP_PORT/
    one file   curl http://localhost:$HTTP_PORT/index.html
    counters   curl http://localhost:$HTTP_PORT/.quoll/counters.json
    UDP echo   echo hello | nc -u -w 1 localhost $ECHO_UDP_PORT
    TCP echo   echo hello | nc -N localhost $ECHO_TCP_PORT
  Leave with Ctrl-A x.

EOF
if [ "$SDK_NAME" = devkit ]; then
    echo "development kernel, not seL4: for testing only"
fi

exec "$@" \
    -drive "if=none,id=disk,format=raw,readonly=on,file=$disk" \
    -device virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0 \
    -netdev "user,id=nic,$forward" \
    -device virtio-net-device,netdev=nic,bus=virtio-mmio-bus.31
