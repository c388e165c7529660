/* SPDX-License-Identifier: BSD-2-Clause */
#define DRIVER
#define WAKE_UPS 150U
#include "tests/system/restarts/crash.h"

#include "net/drivers/virtio_net.c"
