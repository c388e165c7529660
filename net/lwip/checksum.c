/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 1071: the sum of 16-bit words with end-around carry may be taken in words of
 * any width and folded at the end. So: eight bytes at a time, carries counted apart.
 * Only general registers: vector ones would cost a trap per switch.
 */
#include <stddef.h>

#include "checksum.h"

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

#define BLOCK (4 * sizeof(word))

static inline uint64_t add(uint64_t sum, uint64_t value, uint64_t *carries)
{
    sum += value;
    *carries += sum < value;
    return sum;
}

/* The last one to seven bytes, as if zeros followed. */
static uint64_t rest(const unsigned char *bytes, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++) {
        value |= (uint64_t)bytes[i] << (8U * i);
    }
    return value;
}

static uint16_t fold(uint64_t sum, uint64_t carries)
{
    sum = (sum & 0xffffffffU) + (sum >> 32) + carries;
    sum = (sum & 0xffffU) + (sum >> 16 & 0xffffU) + (sum >> 32);
    sum = (sum & 0xffffU) + (sum >> 16);
    sum = (sum & 0xffffU) + (sum >> 16);
    return (uint16_t)sum;
}

uint16_t quoll_checksum(const void *data, int size)
{
    const unsigned char *at = data;
    size_t left = size > 0 ? (size_t)size : 0;
    uint64_t sum = 0, carries = 0;

    for (; left >= BLOCK; left -= BLOCK, at += BLOCK) {
        const word *w = (const word *)at;

        sum = add(sum, w[0], &carries);
        sum = add(sum, w[1], &carries);
        sum = add(sum, w[2], &carries);
        sum = add(sum, w[3], &carries);
    }
    for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
        sum = add(sum, *(const word *)at, &carries);
    }
    sum = add(sum, rest(at, left), &carries);
    return fold(sum, carries);
}
