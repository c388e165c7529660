/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

uintptr_t page;

void init(void)
{
    volatile uint64_t *life = (volatile uint64_t *)page;

    say_number("life", (unsigned)++*life);
    if (*life == 1) { /* it runs */
        microkit_notify(4);
    } else if (*life == 2) {
        microkit_ppcall(5, microkit_msginfo_new(0, 0));
    } else if (*life == 3) {
        *(volatile int *)0x1000 = 0;
    } else if (*life == 4) { /* until it is out of budget */
        for (;;) {}
    } else { /* it waits */
        return;
    }
    say("was not stopped");
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
}
