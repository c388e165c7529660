/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

uintptr_t page;

void init(void)
{
    volatile uint64_t *life = (volatile uint64_t *)page;

    say_number("life", (unsigned)++*life);
    switch (*life) {
    case 1:
        *(volatile int *)0x1000 = 0;
        break;
    case 2: /* it runs */
        microkit_notify(4);
        break;
    case 3: /* in a call that was received */
        microkit_ppcall(5, microkit_msginfo_new(0, 0));
        break;
    case 4: /* in a call that was not */
        microkit_ppcall(7, microkit_msginfo_new(0, 0));
        break;
    case 5: /* waits; is stopped in life 6, which waits too */
    case 6:
    case 7:
        return;
    case 8:
        for (;;) {}
    default:
        return;
    }
    say("was not stopped");
}
