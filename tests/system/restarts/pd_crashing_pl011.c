/* SPDX-License-Identifier: BSD-2-Clause */
#define DRIVER
#define WAKE_UPS 2U
#include "crash.h"

#include "serial/drivers/pl011.c"
