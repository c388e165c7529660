/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes a device that is always in time for granted. */
#define LATEST (WHEN + QUOLL_US(50))
#include "pd_alarm.c"
