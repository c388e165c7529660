/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A toy of a wake-up protocol: the producer counts up, the consumer follows. Each is
 * compiled with mistakes on request:
 *
 *     NO_SECOND_LOOK  the consumer says that it sleeps, and does not look once more
 *     NO_FENCE        nobody waits for his own store before he looks at the other's
 */
#ifndef TOY_H
#define TOY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <microkit.h>

#define TOY_COUNT 3U

struct toy {
    _Atomic uint32_t count;  /* in the producer's page */
    _Atomic uint32_t asleep; /* in the consumer's page */
};

/* Set by the system file. */
extern uintptr_t mine, other;

#ifdef NO_FENCE
#define TOY_FENCE() ((void)0)
#else
#define TOY_FENCE() atomic_thread_fence(memory_order_seq_cst)
#endif

#endif
