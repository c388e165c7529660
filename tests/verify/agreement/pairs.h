/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify/models/transfer.pml as programs: COUNT entries of two words through a queue of four,
 * in batches of BATCH; nobody is woken who did not ask.
 */
#ifndef PAIRS_H
#define PAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include <microkit.h>

#include <quoll/queue_entries.h>

#define CAPACITY 4U

struct pair {
    uint32_t first;
    uint32_t second;
};
QUEUE_OF(pairs, struct pair);

extern uintptr_t mine, other;

/* Wishes to be woken, the first of which a new half has; and how often somebody fulfilled one. */
static uint32_t asked = 1, woken;

static inline void count_wake_up(void)
{
    woken += 1U;
    if (woken > asked) {
        __builtin_trap();
    }
}

#endif
