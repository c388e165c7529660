/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    __asm__ volatile("brk #1");
    say("was not stopped");
}
