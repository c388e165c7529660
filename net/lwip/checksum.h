/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Internet checksum (RFC 1071): of the 16-bit words of some bytes at any address, in
 * the order of bytes in memory.
 *
 * A sum is kept in 64 bits while it is added to, and folded once. What it stands for is its
 * remainder by 0xffff; none of what follows makes a sum of something else than zeros zero.
 */
#ifndef QUOLL_LWIP_CHECKSUM_H
#define QUOLL_LWIP_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The sum of `size` bytes, of which an odd last one counts as if a zero followed. */
uint64_t quoll_sum(const void *data, size_t size);

/** The same, of what is copied. The two do not overlap. */
uint64_t quoll_copy_sum(void *to, const void *from, size_t size);

/** The folded sum, not complemented: what lwIP asks for. 0 to 65535 bytes. */
uint16_t quoll_checksum(const void *data, int size);

/* With end-around carry. */
static inline uint64_t quoll_sum_add(uint64_t sum, uint64_t value)
{
    sum += value;
    return sum + (sum < value);
}

/* Each half with the other's carry is the whole; so too of the half that remains. */
static inline uint16_t quoll_sum_fold(uint64_t sum)
{
    uint32_t half = (uint32_t)((sum + (sum >> 32 | sum << 32)) >> 32);

    return (uint16_t)((half + (half >> 16 | half << 16)) >> 16);
}

/**
 * Whether a sum that its own complement is part of says that nothing was damaged: it is a
 * multiple of 0xffff, whose inverse modulo 2^64 makes a quotient of those and only those.
 */
static inline bool quoll_sum_is_right(uint64_t sum)
{
    uint64_t most = UINT64_MAX / 0xffffU; /* and the negative inverse */

    return -(sum * most) <= most;
}

#endif
