/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

struct counts {
    uint64_t loops[2];
    uint64_t turns[2];
    uint64_t last;
};

uintptr_t counts;

/* Spin, and count how often the other was seen to have run in between. */
static inline void spin_in_turns(unsigned me)
{
    volatile struct counts *c = (volatile struct counts *)counts;

    while (c->turns[0] < 20 || c->turns[1] < 20) {
        if (c->last != me + 1) {
            c->last = me + 1;
            c->turns[me]++;
        }
        c->loops[me]++;
    }
}

void notified(microkit_channel ch)
{
    (void)ch;
}
