/* SPDX-License-Identifier: BSD-2-Clause */
#define DRIVER
#define WAKE_UPS 20U
#include "crash.h"

#include "timer/drivers/arm_timer.c"
