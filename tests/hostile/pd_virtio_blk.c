/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/hostile/turncoat.h"

#include "block/drivers/virtio_blk.c"
