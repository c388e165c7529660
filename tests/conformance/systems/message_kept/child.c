/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    *(volatile int *)0x1000 = 0;
}
