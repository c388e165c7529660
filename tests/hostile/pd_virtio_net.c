/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/hostile/turncoat.h"

#include "net/drivers/virtio_net.c"
