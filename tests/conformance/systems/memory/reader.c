/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

uintptr_t small, large, fixed;

static unsigned wrong(uintptr_t at, uint64_t size)
{
    unsigned n = 0;

    for (uint64_t i = 0; i < size; i += 8) {
        n += *(volatile uint64_t *)(at + i) != i + 1;
    }
    return n;
}

void init(void)
{
    say_number("wrong", wrong(small, 0x3000) + wrong(large, 0x400000) + wrong(fixed, 0x1000));
    say_end();
}

void notified(microkit_channel ch)
{
    (void)ch;
}
