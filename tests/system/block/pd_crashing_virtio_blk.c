/* SPDX-License-Identifier: BSD-2-Clause */
#define DRIVER
#define WAKE_UPS 10U
#include "tests/system/restarts/crash.h"

#include "block/drivers/virtio_blk.c"
