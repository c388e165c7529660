/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

uintptr_t small, large, fixed, uart;
uint64_t small_size, large_size, small_paddr, large_paddr, fixed_paddr;

static unsigned nonzero(uintptr_t at, uint64_t size)
{
    unsigned n = 0;

    for (uint64_t i = 0; i < size; i += 8) {
        n += *(volatile uint64_t *)(at + i) != 0;
    }
    return n;
}

static void fill(uintptr_t at, uint64_t size)
{
    for (uint64_t i = 0; i < size; i += 8) {
        *(volatile uint64_t *)(at + i) = i + 1;
    }
}

static void use_stack(void)
{
    volatile char bytes[0x3000];

    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)i;
    }
}

void init(void)
{
    say_hex("small", small_size);
    say_hex("large", large_size);
    say_hex("fixed", fixed_paddr);
    say(small_paddr % 0x1000 == 0 && small_paddr != 0 ? "small has a place" : "small has none");
    say(large_paddr % 0x200000 == 0 && large_paddr != 0 ? "large has a place" : "large has none");
    say_number("not zero",
               nonzero(small, small_size) + nonzero(large, large_size) + nonzero(fixed, 0x1000));
    fill(small, small_size);
    fill(large, large_size);
    fill(fixed, 0x1000);
    say_hex("uart", *(volatile uint32_t *)(uart + 0xfe0));
    use_stack();
    say("used its stack");
}

void notified(microkit_channel ch)
{
    (void)ch;
}
