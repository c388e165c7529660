/* SPDX-License-Identifier: BSD-2-Clause */
#define WAKE_UPS 150U
#include "tests/system/restarts/crash.h"

#include "net/rx_copy_virt.c"
