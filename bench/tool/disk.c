/* SPDX-License-Identifier: BSD-2-Clause */
#include "disk.h"

#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

#define MIB 2048U /* in sectors */

static const char *path(void)
{
    return text("%s/disk.img", settings.tools);
}

void disk_make(void)
{
    char command[4096];
    int length = snprintf(command, sizeof command,
                          "PATH=$PATH:/usr/sbin:/sbin; rm -f %s && dd if=/dev/urandom of=%s bs=1M "
                          "count=130 status=none && sgdisk --clear",
                          path(), path());

    if (access(path(), R_OK) == 0) {
        return;
    }
    for (unsigned p = 0; p < DISK_PARTITIONS; p++) {
        length += snprintf(command + length, sizeof command - (size_t)length,
                           " --new=%u:%u:%u --change-name=%u:p%u", p + 1, MIB + p * 8 * MIB,
                           MIB + (p + 1) * 8 * MIB - 1, p + 1, p + 1);
    }
    if (system(text("{ %s %s; } >%s.log 2>&1", command, path(), path())) != 0) {
        unlink(path());
        die("%s cannot be made, see %s.log", path(), path());
    }
}

const char *disk_options(unsigned requests)
{
    return text("-drive if=none,id=disk,format=raw,snapshot=on,throttling.iops-total=%u,file=%s "
                "-device virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0",
                requests, path());
}
