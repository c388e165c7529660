/* SPDX-License-Identifier: BSD-2-Clause */
#define WAKE_UPS 20U
#include "crash.h"

#include "timer/virt.c"
