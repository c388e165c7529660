/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copying with general registers, two at a time (LDP, STP): 512 bytes per turn, then 128; the last
 * bytes go as a piece of full size that overlaps the one before, so there is no loop over
 * what is left. In line where each instruction counts; else memcpy() is the same
 * (core/memory.c). Unaligned accesses: normal memory only.
 */
#ifndef QUOLL_COPY_H
#define QUOLL_COPY_H

#include <stddef.h>
#include <stdint.h>

/* May alias anything and lie anywhere. */
__extension__ typedef unsigned __int128 __attribute__((may_alias, aligned(1))) copy_pair;
typedef uint64_t __attribute__((may_alias, aligned(1))) copy_word;
typedef uint32_t __attribute__((may_alias, aligned(1))) copy_half;
typedef uint16_t __attribute__((may_alias, aligned(1))) copy_quarter;

#define COPY_PAIR  sizeof(copy_pair)
#define COPY_BLOCK (4 * COPY_PAIR)

#define COPY_INLINE __attribute__((always_inline)) static inline

/* The first and the last `size` bytes of up to twice as many, both loaded before stored. */
#define COPY_ENDS(type, to, from, size)                                                            \
    do {                                                                                           \
        type first_ = *(const type *)(from);                                                       \
        type last_ = *(const type *)((from) + (size) - sizeof(type));                              \
        *(type *)(to) = first_;                                                                    \
        *(type *)((to) + (size) - sizeof(type)) = last_;                                           \
    } while (0)

COPY_INLINE void copy_short(unsigned char *to, const unsigned char *from, size_t size)
{
    if (size >= sizeof(copy_word)) { /* each byte once, as elsewhere only pairs overlap */
        *(copy_word *)to = *(const copy_word *)from;
        for (size_t at = sizeof(copy_word); at < size; at++) {
            to[at] = from[at];
        }
    } else if (size >= sizeof(copy_half)) {
        COPY_ENDS(copy_half, to, from, size);
    } else if (size >= sizeof(copy_quarter)) {
        COPY_ENDS(copy_quarter, to, from, size);
    } else if (size == 1) {
        *to = *from;
    }
}

/* Half a block. */
COPY_INLINE void copy_two(unsigned char *to, const unsigned char *from)
{
    copy_pair a = ((const copy_pair *)from)[0], b = ((const copy_pair *)from)[1];

    ((copy_pair *)to)[0] = a;
    ((copy_pair *)to)[1] = b;
}

COPY_INLINE void copy_block(unsigned char *to, const unsigned char *from)
{
    copy_two(to, from);
    copy_two(to + 2 * COPY_PAIR, from + 2 * COPY_PAIR);
}

/*
 * copy_two_blocks() and copy_eight_blocks(): so many per turn, at least one turn, until `to`
 * reaches `end`. In C, that both pointers go on takes instructions of its own.
 */
#ifdef __aarch64__
#define COPY_HALF                                                                                  \
    "ldp %2, %3, [%1], #16\n\tldp %4, %5, [%1], #16\n\t"                                           \
    "stp %2, %3, [%0], #16\n\tstp %4, %5, [%0], #16\n\t"
#define COPY_TWO   COPY_HALF COPY_HALF COPY_HALF COPY_HALF
#define COPY_EIGHT COPY_TWO COPY_TWO COPY_TWO COPY_TWO

#define COPY_TURNS(name, blocks, instructions)                                                     \
    COPY_INLINE void name(unsigned char **to, const unsigned char **from,                          \
                          const unsigned char *end)                                                \
    {                                                                                              \
        uint64_t a, b, c, d;                                                                       \
                                                                                                   \
        __asm__ volatile("0:\n\t" instructions "cmp %0, %6\n\tb.lo 0b"                             \
                         : "+r"(*to), "+r"(*from), "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d)          \
                         : "r"(end)                                                                \
                         : "cc", "memory");                                                        \
    }                                                                                              \
    struct copy_needs_semicolon
#else
#define COPY_TURNS(name, blocks, instructions)                                                     \
    COPY_INLINE void name(unsigned char **to, const unsigned char **from,                          \
                          const unsigned char *end)                                                \
    {                                                                                              \
        do {                                                                                       \
            for (unsigned n = (blocks); n > 0; n--) {                                              \
                copy_block(*to, *from);                                                            \
                *to += COPY_BLOCK, *from += COPY_BLOCK;                                            \
            }                                                                                      \
        } while (*to < end);                                                                       \
    }                                                                                              \
    struct copy_needs_semicolon
#endif

COPY_TURNS(copy_two_blocks, 2U, COPY_TWO);
COPY_TURNS(copy_eight_blocks, 8U, COPY_EIGHT);

/* More than a block: from the start, and a last one that ends with the last byte. */
COPY_INLINE void copy_long(unsigned char *to, const unsigned char *from, size_t size)
{
    const unsigned char *last = from + size - COPY_BLOCK;
    unsigned char *last_to = to + size - COPY_BLOCK;

    if (size > 2 * COPY_BLOCK) {
        if (size > 10 * COPY_BLOCK) { /* leaves more than two */
            copy_eight_blocks(&to, &from, to + size - 10 * COPY_BLOCK);
        }
        copy_two_blocks(&to, &from, last_to - COPY_BLOCK);
        if (to >= last_to) {
            copy_block(last_to, last);
            return;
        }
    }
    copy_block(to, from);
    copy_block(last_to, last);
}

/** `size` bytes from one place to another, which do not overlap. */
COPY_INLINE void quoll_copy(unsigned char *to, const unsigned char *from, size_t size)
{
    if (__builtin_expect(size > COPY_BLOCK, 1)) {
        copy_long(to, from, size);
    } else if (size > 2 * COPY_PAIR) {
        copy_two(to, from);
        copy_two(to + size - 2 * COPY_PAIR, from + size - 2 * COPY_PAIR);
    } else if (size >= COPY_PAIR) {
        COPY_ENDS(copy_pair, to, from, size);
    } else {
        copy_short(to, from, size);
    }
}

#endif
