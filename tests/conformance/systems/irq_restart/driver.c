/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    __asm__ volatile("msr cntp_tval_el0, %0" : : "r"(microseconds(1000)));
    __asm__ volatile("msr cntp_ctl_el0, %0\n isb" : : "r"(1UL));
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
    if (ch == 1) {
        microkit_irq_ack(7);
    }
}
