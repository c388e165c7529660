/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 1071: the sum of 16-bit words with end-around carry may be taken in words of
 * any width and folded at the end. So: sixteen bytes at a time. Only general registers:
 * vector ones would cost a trap per switch.
 */
#include "checksum.h"

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

#define PAIR (2 * sizeof(word))

/*
 * The sum of some pairs of words, in one chain of carries through all of them, for which C
 * has no words: the loop counts without touching the flags. Eight pairs per turn; the first
 * turn is entered where as many are left as make the number whole. A carry out of the last
 * addition may bring forth another one.
 */
#ifdef __aarch64__
static inline uint64_t add_pairs(const unsigned char **from, size_t pairs)
{
    uint64_t sum, a, b, entry;
    size_t turns = pairs / 8U;

    __asm__("    adr  %[entry], 2f\n"
            "    sub  %[entry], %[entry], %[first], lsl #3\n" /* three instructions a pair */
            "    sub  %[entry], %[entry], %[first], lsl #2\n"
            "    adds %[sum], xzr, xzr\n"
            "    br   %[entry]\n"
            "1:  .rept 8\n"
            "    ldp  %[a], %[b], [%[from]], #16\n"
            "    adcs %[sum], %[sum], %[a]\n"
            "    adcs %[sum], %[sum], %[b]\n"
            "    .endr\n"
            "2:  sub  %[turns], %[turns], #1\n"
            "    tbz  %[turns], #63, 1b\n"
            "    adcs %[sum], %[sum], xzr\n"
            "    adc  %[sum], %[sum], xzr\n"
            : [sum] "=&r"(sum), [from] "+&r"(*from), [turns] "+&r"(turns), [entry] "=&r"(entry),
              [a] "=&r"(a), [b] "=&r"(b)
            : [first] "r"(pairs % 8U)
            : "cc", "memory");
    return sum;
}

/* The same while copying. */
static inline uint64_t copy_pairs(unsigned char **to, const unsigned char **from, size_t pairs)
{
    uint64_t sum, a, b, entry;
    size_t turns = pairs / 8U;

    __asm__ volatile("    adr  %[entry], 2f\n"
                     "    sub  %[entry], %[entry], %[first], lsl #4\n" /* four a pair */
                     "    adds %[sum], xzr, xzr\n"
                     "    br   %[entry]\n"
                     "1:  .rept 8\n"
                     "    ldp  %[a], %[b], [%[from]], #16\n"
                     "    adcs %[sum], %[sum], %[a]\n"
                     "    stp  %[a], %[b], [%[to]], #16\n"
                     "    adcs %[sum], %[sum], %[b]\n"
                     "    .endr\n"
                     "2:  sub  %[turns], %[turns], #1\n"
                     "    tbz  %[turns], #63, 1b\n"
                     "    adcs %[sum], %[sum], xzr\n"
                     "    adc  %[sum], %[sum], xzr\n"
                     : [sum] "=&r"(sum), [to] "+&r"(*to), [from] "+&r"(*from), [turns] "+&r"(turns),
                       [entry] "=&r"(entry), [a] "=&r"(a), [b] "=&r"(b)
                     : [first] "r"(pairs % 8U)
                     : "cc", "memory");
    return sum;
}
#else
static inline uint64_t add_pairs(const unsigned char **from, size_t pairs)
{
    uint64_t sum = 0;

    for (size_t n = 2U * pairs; n > 0; n--, *from += sizeof(word)) {
        sum = quoll_sum_add(sum, *(const word *)*from);
    }
    return sum;
}

static inline uint64_t copy_pairs(unsigned char **to, const unsigned char **from, size_t pairs)
{
    uint64_t sum = 0;

    for (size_t n = 2U * pairs; n > 0; n--, *from += sizeof(word), *to += sizeof(word)) {
        uint64_t value = *(const word *)*from;

        sum = quoll_sum_add(sum, value);
        *(word *)*to = value;
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

uint64_t quoll_sum(const void *data, size_t size)
{
    const unsigned char *at = data;
    uint64_t sum = add_pairs(&at, size / PAIR);
    size_t left = size % sizeof(word);

    if ((size & sizeof(word)) != 0) {
        sum = quoll_sum_add(sum, *(const word *)at);
        at += sizeof(word);
    }
    return left > 0 ? quoll_sum_add(sum, rest(at + left, left, size)) : sum;
}

/* The last one to seven bytes; those before them are there already if there were eight. */
static inline uint64_t copy_rest(unsigned char *to, const unsigned char *from, size_t left,
                                 size_t size)
{
    if (size >= sizeof(word)) {
        uint64_t value = *(const word *)(from + left - sizeof(word));

        *(word *)(to + left - sizeof(word)) = value;
        return value >> 8U * (sizeof(word) - left);
    }
    for (size_t i = 0; i < left; i++) {
        to[i] = from[i];
    }
    return rest(to + left, left, size);
}

uint64_t quoll_copy_sum(void *to, const void *from, size_t size)
{
    const unsigned char *at = from;
    unsigned char *copy = to;
    uint64_t sum = copy_pairs(&copy, &at, size / PAIR);
    size_t left = size % sizeof(word);

    if ((size & sizeof(word)) != 0) {
        uint64_t value = *(const word *)at;

        *(word *)copy = value;
        sum = quoll_sum_add(sum, value);
        at += sizeof(word), copy += sizeof(word);
    }
    return left > 0 ? quoll_sum_add(sum, copy_rest(copy, at, left, size)) : sum;
}

uint16_t quoll_checksum(const void *data, int size)
{
    return size > 0 ? quoll_sum_fold(quoll_sum(data, (size_t)size)) : 0;
}
