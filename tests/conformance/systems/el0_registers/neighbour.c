/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs now and then among the attempts, and must find all its registers as they were. */
#include "say.h"

static unsigned changed;

void init(void)
{
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(0x1234567UL));
}

void notified(microkit_channel ch)
{
    uint64_t thread, fpcr;

    __asm__ volatile("mrs %0, tpidr_el0\n mrs %1, fpcr" : "=r"(thread), "=r"(fpcr));
    changed += thread != 0x1234567 || fpcr != 0;
    microkit_notify(ch);
    say_number("registers changed", changed);
}
