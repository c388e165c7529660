/* SPDX-License-Identifier: BSD-2-Clause */
#include "toy.h"

uintptr_t mine, other;
static uint32_t seen;

/* The simulator asks when all are asleep for ever. */
bool sim_at_rest(void);
bool sim_at_rest(void)
{
    return seen == TOY_COUNT;
}

static void follow(void)
{
    struct toy *out = (struct toy *)mine;
    const struct toy *in = (const struct toy *)other;

    atomic_store_explicit(&out->asleep, 0, memory_order_relaxed);
    do {
        seen = atomic_load_explicit(&in->count, memory_order_acquire);
        atomic_store_explicit(&out->asleep, 1, memory_order_relaxed);
#ifdef NO_SECOND_LOOK
        break;
#endif
        TOY_FENCE();
    } while (atomic_load_explicit(&in->count, memory_order_relaxed) != seen);
}

void init(void)
{
    follow();
}

void notified(microkit_channel channel)
{
    (void)channel;
    follow();
}
