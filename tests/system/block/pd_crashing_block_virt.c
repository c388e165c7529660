/* SPDX-License-Identifier: BSD-2-Clause */
#define WAKE_UPS 12U
#include "tests/system/restarts/crash.h"

#include "block/virt.c"
