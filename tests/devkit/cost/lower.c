/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#ifndef ROUNDS
#define ROUNDS 4096
#endif
#define NS_PER_SECOND 1000000000

static uint64_t start;
static unsigned rounds;

/* One instruction per nanosecond. */
static unsigned instructions(void)
{
    uint64_t rate;

    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(rate));
    return (unsigned)((now() - start) * (NS_PER_SECOND / rate) / ROUNDS);
}

void init(void)
{
    microkit_notify(1);
    start = now();
    for (unsigned i = 0; i < ROUNDS; i++) {
        microkit_notify(1);
    }
    say_number("notify, handle, wait, and back:", instructions());
    start = now();
    microkit_notify(2);
}

/* Half a round trip is one deferred notification, one wait and one switch. */
void notified(microkit_channel ch)
{
    if (++rounds < ROUNDS / 2) {
        microkit_deferred_notify(ch);
        return;
    }
    say_number("deferred notify, handle:", instructions());
    say_end();
}
