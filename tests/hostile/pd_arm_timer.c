/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/hostile/turncoat.h"

#include "timer/drivers/arm_timer.c"
