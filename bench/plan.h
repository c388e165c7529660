/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs inside do, in this order, and the tool knows: each case between two
 * marks (count.h).
 */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stdint.h>

/* ---- queue: QUEUE_ENTRIES of each size at each batch ---- */

#define QUEUE_ENTRIES  16384U
#define QUEUE_CAPACITY 512U

__attribute__((unused)) static const unsigned queue_sizes[] = {
    8, 16, 32}; /* net's frames; as sDDF's; block's requests */
__attribute__((unused)) static const unsigned queue_batches[] = {1, 4, 16, 64, 256};

/* ---- block, and Linux beside it ---- */

/* Where request `number` goes: all over the disk, never next to the one before. */
static inline uint64_t block_place(uint64_t number, uint64_t places)
{
    return number * 0x9e3779b97f4a7c15U % (1U << 30) * places >> 30;
}

/* ---- growth: timeouts ---- */

#define EXPIRIES_PER_MARK   16U
#define TIMEOUTS_PER_CLIENT 64U /* TIMER_IDS */
#define HEAP_CHANGES        1024U
#define HEAP_MOST           10000U
__attribute__((unused)) static const unsigned heap_counts[] = {1, 10, 100, 1000, HEAP_MOST};

#define PLAN_LENGTH(plan) (sizeof(plan) / sizeof(plan)[0])

#endif
