/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~0xfffUL;
    unsigned wrong = 0;

    for (uintptr_t at = here - 8; at >= here - 0x4000; at -= 8) {
        wrong += *(volatile uint64_t *)at != 0;
    }
    say_number("not zero", wrong);
    *(volatile uint64_t *)(here - 0x4000) = 1;
    say("used all of it");
    __asm__ volatile("mov x19, %0\n str xzr, [%1]"
                     :
                     : "r"(here + 0x1000), "r"(here - 0x4000 - 8)
                     : "x19", "memory");
    say("was not stopped");
}
