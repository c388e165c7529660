/* SPDX-License-Identifier: BSD-2-Clause */
#include "state.h"

void init(void)
{
    uint64_t thread;

    __asm__ volatile("mrs %0, tpidr_el0" : "=r"(thread));
    say_number("thread pointer", (unsigned)thread);
    say_number("values changed", (unsigned)keep(3, 1000));
    say_end();
}
