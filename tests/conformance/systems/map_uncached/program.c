/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

uintptr_t cached, uncached;

static uint64_t load(uintptr_t at)
{
    uint64_t value;

    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(at) : "memory");
    return value;
}

void init(void)
{
    *(volatile uint64_t *)uncached = 0x8877665544332211;
    say_hex("cached, aligned", load(cached));
    say_hex("cached, unaligned", load(cached + 1));
    say_hex("uncached, aligned", load(uncached));
    *(volatile uint64_t *)cached = 1;
    say_hex("after a cached store", load(uncached));
    say_end();
}
