/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 1071: the sum of 16-bit words with end-around carry may be taken in words of
 * any width and folded at the end. So: sixteen bytes at a time. Only general registers:
 * vector ones would cost a trap per switch.
 */
#include "checksum.h"

#ifdef __aarch64__

/*
 * One chain of carries through all, for which C has no words: nothing but the additions
 * touches the flags. Eight pairs of words per turn; the first turn is entered where as many
 * are left as make their number whole. Then comes what is left, by the bits of the size. A
 * carry out of the last addition may bring forth another one.
 */
uint64_t quoll_sum(const void *data, size_t size)
{
    uint64_t sum, a, b, entry;
    size_t turns = size / 128U;

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
            "    tbz  %[size], #3, 3f\n"
            "    ldr  %[a], [%[from]], #8\n"
            "    adcs %[sum], %[sum], %[a]\n"
            "3:  tbz  %[size], #2, 4f\n"
            "    ldr  %w[a], [%[from]], #4\n"
            "    adcs %[sum], %[sum], %[a]\n"
            "4:  tbz  %[size], #1, 5f\n"
            "    ldrh %w[a], [%[from]], #2\n"
            "    adcs %[sum], %[sum], %[a]\n"
            "5:  tbz  %[size], #0, 6f\n"
            "    ldrb %w[a], [%[from]]\n"
            "    adcs %[sum], %[sum], %[a]\n"
            "6:  adcs %[sum], %[sum], xzr\n"
            "    adc  %[sum], %[sum], xzr\n"
            : [sum] "=&r"(sum), [from] "+&r"(data), [turns] "+&r"(turns), [entry] "=&r"(entry),
              [a] "=&r"(a), [b] "=&r"(b)
            : [size] "r"(size), [first] "r"(size / 16U % 8U)
            : "cc", "memory");
    return sum;
}

/* The same while copying: each byte is read once. */
uint64_t quoll_copy_sum(void *to, const void *from, size_t size)
{
    uint64_t sum, a, b, entry;
    size_t turns = size / 128U;

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
                     "    tbz  %[size], #3, 3f\n"
                     "    ldr  %[a], [%[from]], #8\n"
                     "    adcs %[sum], %[sum], %[a]\n"
                     "    str  %[a], [%[to]], #8\n"
                     "3:  tbz  %[size], #2, 4f\n"
                     "    ldr  %w[a], [%[from]], #4\n"
                     "    adcs %[sum], %[sum], %[a]\n"
                     "    str  %w[a], [%[to]], #4\n"
                     "4:  tbz  %[size], #1, 5f\n"
                     "    ldrh %w[a], [%[from]], #2\n"
                     "    adcs %[sum], %[sum], %[a]\n"
                     "    strh %w[a], [%[to]], #2\n"
                     "5:  tbz  %[size], #0, 6f\n"
                     "    ldrb %w[a], [%[from]]\n"
                     "    adcs %[sum], %[sum], %[a]\n"
                     "    strb %w[a], [%[to]]\n"
                     "6:  adcs %[sum], %[sum], xzr\n"
                     "    adc  %[sum], %[sum], xzr\n"
                     : [sum] "=&r"(sum), [to] "+&r"(to), [from] "+&r"(from), [turns] "+&r"(turns),
                       [entry] "=&r"(entry), [a] "=&r"(a), [b] "=&r"(b)
                     : [size] "r"(size), [first] "r"(size / 16U % 8U)
                     : "cc", "memory");
    return sum;
}

#else

uint64_t quoll_copy_sum(void *to, const void *from, size_t size)
{
    const unsigned char *at = from;
    unsigned char *copy = to;
    uint64_t sum = 0;

    for (size_t i = 0; i < size; i++) {
        copy[i] = at[i];
        sum += (uint64_t)copy[i] << 8U * (i % 2U);
    }
    return sum;
}

uint64_t quoll_sum(const void *data, size_t size)
{
    const unsigned char *at = data;
    uint64_t sum = 0;

    for (size_t i = 0; i < size; i++) {
        sum += (uint64_t)at[i] << 8U * (i % 2U);
    }
    return sum;
}

#endif

uint16_t quoll_checksum(const void *data, int size)
{
    return size > 0 ? quoll_sum_fold(quoll_sum(data, (size_t)size)) : 0;
}
