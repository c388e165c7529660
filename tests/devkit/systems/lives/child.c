/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

uintptr_t lives;

void init(void)
{
    volatile uint64_t *life = (volatile uint64_t *)lives;

    say_number("life", (unsigned)++*life);
    switch (*life) {
    case 1:
        *(volatile int *)0x1000 = 0;
        break;
    case 2:
        microkit_notify(4);
        break;
    case 3:
        microkit_ppcall(5, microkit_msginfo_new(0, 0));
        break;
    default:
        return;
    }
    say("was not stopped");
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
}
