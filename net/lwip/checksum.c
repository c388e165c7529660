/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 1071: the sum of 16-bit words with end-around carry may be taken in words of
 * any width and folded at the end. So: eight bytes at a time. Only general registers:
 * vector ones would cost a trap per switch.
 */
#include <stddef.h>

#include "checksum.h"

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

#define BLOCK (8 * sizeof(word))

/* With end-around carry. */
static inline uint64_t add(uint64_t sum, uint64_t value)
{
    sum += value;
    return sum + (sum < value);
}

/*
 * The sum of one block or more, in one chain of carries through all of them, for which
 * C has no words: the loop counts without touching the flags. A carry out of the last
 * addition may bring forth another one.
 */
#ifdef __aarch64__
static inline uint64_t add_blocks(const unsigned char *at, size_t blocks)
{
    uint64_t sum, a, b, c, d;

    __asm__("    adds %[sum], xzr, xzr\n"
            "1:  ldp  %[a], %[b], [%[at]], #64\n"
            "    ldp  %[c], %[d], [%[at], #-48]\n"
            "    adcs %[sum], %[sum], %[a]\n"
            "    adcs %[sum], %[sum], %[b]\n"
            "    ldp  %[a], %[b], [%[at], #-32]\n"
            "    adcs %[sum], %[sum], %[c]\n"
            "    adcs %[sum], %[sum], %[d]\n"
            "    ldp  %[c], %[d], [%[at], #-16]\n"
            "    adcs %[sum], %[sum], %[a]\n"
            "    adcs %[sum], %[sum], %[b]\n"
            "    adcs %[sum], %[sum], %[c]\n"
            "    adcs %[sum], %[sum], %[d]\n"
            "    sub  %[n], %[n], #1\n"
            "    cbnz %[n], 1b\n"
            "    adcs %[sum], %[sum], xzr\n"
            "    adc  %[sum], %[sum], xzr\n"
            : [sum] "=&r"(sum), [at] "+&r"(at), [n] "+&r"(blocks), [a] "=&r"(a), [b] "=&r"(b),
              [c] "=&r"(c), [d] "=&r"(d)
            :
            : "cc", "memory");
    return sum;
}

/* The same while copying. */
static inline uint64_t copy_and_add_blocks(unsigned char *to, const unsigned char *at,
                                           size_t blocks)
{
    uint64_t sum, a, b, c, d;

    __asm__("    adds %[sum], xzr, xzr\n"
            "1:  ldp  %[a], %[b], [%[at]], #64\n"
            "    ldp  %[c], %[d], [%[at], #-48]\n"
            "    adcs %[sum], %[sum], %[a]\n"
            "    stp  %[a], %[b], [%[to]], #64\n"
            "    adcs %[sum], %[sum], %[b]\n"
            "    ldp  %[a], %[b], [%[at], #-32]\n"
            "    adcs %[sum], %[sum], %[c]\n"
            "    stp  %[c], %[d], [%[to], #-48]\n"
            "    adcs %[sum], %[sum], %[d]\n"
            "    ldp  %[c], %[d], [%[at], #-16]\n"
            "    adcs %[sum], %[sum], %[a]\n"
            "    stp  %[a], %[b], [%[to], #-32]\n"
            "    adcs %[sum], %[sum], %[b]\n"
            "    stp  %[c], %[d], [%[to], #-16]\n"
            "    adcs %[sum], %[sum], %[c]\n"
            "    adcs %[sum], %[sum], %[d]\n"
            "    sub  %[n], %[n], #1\n"
            "    cbnz %[n], 1b\n"
            "    adcs %[sum], %[sum], xzr\n"
            "    adc  %[sum], %[sum], xzr\n"
            : [sum] "=&r"(sum), [to] "+&r"(to), [at] "+&r"(at), [n] "+&r"(blocks), [a] "=&r"(a),
              [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d)
            :
            : "cc", "memory");
    return sum;
}
#else
static inline uint64_t copy_and_add_blocks(unsigned char *to, const unsigned char *at,
                                           size_t blocks)
{
    uint64_t sum = 0;

    for (size_t n = blocks * BLOCK; n > 0; n -= sizeof(word), at += sizeof(word)) {
        sum = add(sum, *(const word *)at);
        *(word *)to = *(const word *)at;
        to += sizeof(word);
    }
    return sum;
}

static inline uint64_t add_blocks(const unsigned char *at, size_t blocks)
{
    uint64_t sum = 0;

    for (const word *w = (const word *)at; w < (const word *)(at + blocks * BLOCK); w++) {
        sum = add(sum, *w);
    }
    return sum;
}
#endif

/* The last one to seven of `size` bytes, as if zeros followed. */
static inline uint64_t rest(const unsigned char *end, size_t left, size_t size)
{
    uint64_t value = 0;

    if (size >= sizeof(word)) {
        return *(const word *)(end - sizeof(word)) >> 8U * (sizeof(word) - left);
    }
    for (size_t i = 0; i < left; i++) {
        value = value << 8U | *--end;
    }
    return value;
}

static inline uint16_t fold(uint64_t sum)
{
    sum = (sum & 0xffffffffU) + (sum >> 32);
    sum = (sum & 0xffffU) + (sum >> 16);
    sum = (sum & 0xffffU) + (sum >> 16);
    sum = (sum & 0xffffU) + (sum >> 16);
    return (uint16_t)sum;
}

uint16_t quoll_checksum(const void *data, int size)
{
    const unsigned char *at = data;
    size_t total = size > 0 ? (size_t)size : 0;
    size_t left = total;
    uint64_t sum = 0;

    if (left >= BLOCK) {
        sum = add_blocks(at, left / BLOCK);
        at += left / BLOCK * BLOCK;
        left %= BLOCK;
    }
    for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
        sum = add(sum, *(const word *)at);
    }
    if (left > 0) {
        sum = add(sum, rest(at + left, left, total));
    }
    return fold(sum);
}

/* The last one to seven bytes; those before them are there already if there were eight. */
static inline uint64_t copy_rest(unsigned char *to, const unsigned char *from, size_t left,
                                 size_t size)
{
    if (size >= sizeof(word)) {
        *(word *)(to + left - sizeof(word)) = *(const word *)(from + left - sizeof(word));
    } else {
        for (size_t i = 0; i < left; i++) {
            to[i] = from[i];
        }
    }
    return rest(from + left, left, size);
}

uint16_t quoll_copy_checksum(void *to, const void *from, size_t size)
{
    const unsigned char *at = from;
    unsigned char *copy = to;
    size_t left = size;
    uint64_t sum = 0;

    if (left >= BLOCK) {
        size_t whole = left / BLOCK * BLOCK;

        sum = copy_and_add_blocks(copy, at, left / BLOCK);
        at += whole, copy += whole, left -= whole;
    }
    for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word), copy += sizeof(word)) {
        uint64_t value = *(const word *)at;

        sum = add(sum, value);
        *(word *)copy = value;
    }
    if (left > 0) {
        sum = add(sum, copy_rest(copy, at, left, size));
    }
    return fold(sum);
}
