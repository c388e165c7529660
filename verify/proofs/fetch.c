/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by Eva: the copying of entries reads and writes just the bytes of the entries, for
 * every size from 1 to 64 and every count up to two turns and one more. What the copies hold
 * is any value: the peer's.
 */
#include "trusted.h"

#include <quoll/queue_entries.h>

#define MOST 33U

static unsigned char from[MOST * 64U], to[MOST * 64U];

static void fetch(uint32_t size)
{
    /* Whole buffers, to their very ends. */
    queue_fetch(to + sizeof to - size, from + sizeof from - size, size);
}

static void fetch_some(uint32_t count, uint32_t size)
{
    unsigned char *target = to + sizeof to - count * size;
    const unsigned char *source = from + sizeof from - count * size;

    queue_fetch_many(target, source, count, size);
    queue_fetch_each(target, source, source + count * size, size);
}

void main(void)
{
    for (uint32_t size = 1; size <= 64; size++) {
        fetch(size);
    }
    for (uint32_t count = 0; count <= MOST; count++) {
        fetch_some(count, 4);
        fetch_some(count, 8);
        fetch_some(count, 24);
    }
}
