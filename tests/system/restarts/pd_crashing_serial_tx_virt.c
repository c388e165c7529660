/* SPDX-License-Identifier: BSD-2-Clause */
#define WAKE_UPS 3U
#include "crash.h"

#include "serial/tx_virt.c"
