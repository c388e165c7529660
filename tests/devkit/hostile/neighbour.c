/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers, memory and messages of its own must be as they were at each wake-up. */
#include "say.h"

#define WORDS 256

uintptr_t page;
static volatile uint64_t mine[WORDS];
static unsigned wrong, wakes;

void init(void)
{
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(0x1234567UL));
    for (unsigned i = 0; i < WORDS; i++) {
        mine[i] = i * 0x9e3779b97f4a7c15;
    }
}

static void check(void)
{
    uint64_t thread;

    wakes++;
    __asm__ volatile("mrs %0, tpidr_el0" : "=r"(thread));
    wrong += thread != 0x1234567;
    for (unsigned i = 0; i < WORDS; i++) {
        wrong += mine[i] != i * 0x9e3779b97f4a7c15;
    }
}

void notified(microkit_channel ch)
{
    wrong += ch != 3 && ch != 0;
    check();
}

/* Also called at random, with anything as its message. */
microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    wrong += ch != 0;
    check();
    if (microkit_msginfo_get_label(msginfo) == 0x656e64) {
        say_number("wrong", wrong);
        say(wakes > 100 ? "was woken often" : "was woken seldom");
    }
    return microkit_msginfo_new(0, 0);
}
