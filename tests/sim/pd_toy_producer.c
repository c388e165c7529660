/* SPDX-License-Identifier: BSD-2-Clause */
#include "toy.h"

uintptr_t mine, other;

void init(void)
{
    struct toy *out = (struct toy *)mine;
    const struct toy *in = (const struct toy *)other;

    for (uint32_t i = 1; i <= TOY_COUNT; i++) {
        atomic_store_explicit(&out->count, i, memory_order_release);
        TOY_FENCE();
        if (atomic_load_explicit(&in->asleep, memory_order_relaxed) != 0) {
            microkit_notify(0);
        }
    }
}

void notified(microkit_channel channel)
{
    (void)channel;
}
