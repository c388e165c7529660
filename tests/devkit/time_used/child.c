/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs for 1,600,000 instructions, of a nanosecond each, then says so. */
#include <microkit.h>

void init(void)
{
    seL4_Word turns = 800000;

    __asm__ volatile("1: subs %0, %0, #1\n b.ne 1b" : "+r"(turns) : : "cc");
    microkit_notify(1);
}

void notified(microkit_channel channel)
{
    (void)channel;
}
