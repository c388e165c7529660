/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    say("faults");
    __asm__ volatile("udf #0");
    say("went on, faults");
    say_end();
    __asm__ volatile("udf #0");
}
