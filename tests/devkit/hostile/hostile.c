/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#define END 0x656e64 /* label: "end" */

uintptr_t page;

static uint64_t raw(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = a;
    register uint64_t x1 __asm__("x1") = b;
    register uint64_t x2 __asm__("x2") = c;
    register uint64_t x7 __asm__("x7") = number;

    __asm__ volatile("svc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x7) : : "memory");
    return x0;
}

static const uint64_t numbers[] = {0, 1,  2,  3,  4,  5,         7,         8,
                                   9, 10, 11, 12, 99, 1UL << 31, 1UL << 63, -1UL};
/* Handles of every kind, the edges of the table, and addresses. */
static const uint64_t firsts[] = {
    0,   1,   4,   5,   6,   9,      10,   11,        12,        13,       71,
    73,  74,  75,  137, 138, 145,    199,  201,       202,       203,      265,
    266, 300, 511, 512, 513, 0xffff, -1UL, 1UL << 63, 0x4000000, 0x200000, 0x8060000000};
static const uint64_t seconds[] = {0, 1, 64, 120, 121, 127, 0x1040, -1UL, 1UL << 63};
static const uint64_t thirds[] = {0, 1, 36, 37, 120, 1UL << 32, -1UL};

#define EACH(name, array) for (unsigned name = 0; name < sizeof array / sizeof *array; name++)

static void try_classes(void)
{
    EACH(n, numbers) EACH(a, firsts) EACH(b, seconds) EACH(c, thirds)
    {
        raw(numbers[n], firsts[a], seconds[b], thirds[c]);
    }
}

static uint64_t next(void)
{
    static uint64_t state = 88172645463325252;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Messages full of garbage, mostly well-aimed. Not number 6, which would write to the
 * console. */
static void try_at_random(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t number = next() % 12, handle = next() % 270;
        for (unsigned w = 0; w < 40; w++) {
            microkit_mr_set((seL4_Uint8)w, next() >> (next() % 64));
        }
        if (number != 6) {
            raw(number, next() % 16 == 0 ? next() : handle, next() >> (next() % 64), next() % 40);
        }
    }
}

void init(void)
{
    try_classes();
    say("tried all classes");
    try_at_random(100000);
    say("tried at random");
    microkit_ppcall(0, microkit_msginfo_new(END, 0));
    microkit_ppcall(1, microkit_msginfo_new(END, 0));
    say_end();
}
