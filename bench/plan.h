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

static const unsigned queue_sizes[] = {8, 16, 32}; /* net's frames; as sDDF's; block's requests */
static const unsigned queue_batches[] = {1, 4, 16, 64, 256};

#define PLAN_LENGTH(plan) (sizeof(plan) / sizeof(plan)[0])

#endif
