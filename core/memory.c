/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four functions that a freestanding compiler may call. The C library's use
 * floating point registers, which would cost every protection domain on a packet's
 * path a trap per switch (DESIGN, section 7); these use the general ones.
 *
 * Sixty-four bytes per turn; the last bytes go as a piece of full size that overlaps
 * the one before, so there is no loop over what is left. What is last is loaded
 * first: then the pieces' order alone decides about overlapping buffers.
 * Unaligned accesses: normal memory only.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* May alias anything and lie anywhere. */
__extension__ typedef unsigned __int128 __attribute__((may_alias, aligned(1))) pair;
typedef uint64_t __attribute__((may_alias, aligned(1))) word;
typedef uint32_t __attribute__((may_alias, aligned(1))) half_word;
typedef uint16_t __attribute__((may_alias, aligned(1))) quarter_word;

#define WORD  sizeof(word)
#define PAIR  sizeof(pair)
#define BLOCK (4 * PAIR)

/* Two registers at once (LDP, STP). */
static inline void copy_block(unsigned char *to, const unsigned char *from)
{
    const pair *f = (const pair *)from;
    pair *t = (pair *)to;
    pair a = f[0], b = f[1], c = f[2], d = f[3];

    t[0] = a, t[1] = b, t[2] = c, t[3] = d;
}

/* The first and the last `size` bytes of up to twice as many, both loaded before stored. */
#define COPY_ENDS(type, to, from, size)                                                            \
    do {                                                                                           \
        type first_ = *(const type *)(from);                                                       \
        type last_ = *(const type *)((from) + (size) - sizeof(type));                              \
        *(type *)(to) = first_;                                                                    \
        *(type *)((to) + (size) - sizeof(type)) = last_;                                           \
    } while (0)

static inline void copy_short(unsigned char *to, const unsigned char *from, size_t size)
{
    if (size >= WORD) {
        COPY_ENDS(word, to, from, size);
    } else if (size >= sizeof(half_word)) {
        COPY_ENDS(half_word, to, from, size);
    } else if (size >= sizeof(quarter_word)) {
        COPY_ENDS(quarter_word, to, from, size);
    } else if (size == 1) {
        *to = *from;
    }
}

/* The first and the last 32 of up to 64 bytes. */
static inline void copy_halves(unsigned char *to, const unsigned char *from, size_t size)
{
    const pair *f = (const pair *)from, *l = (const pair *)(from + size - 2 * PAIR);
    pair a = f[0], b = f[1], c = l[0], d = l[1];

    ((pair *)to)[0] = a, ((pair *)to)[1] = b;
    to += size - 2 * PAIR;
    ((pair *)to)[0] = c, ((pair *)to)[1] = d;
}

/* More than a block: blocks from the start, and the last one, which was loaded before. */
static inline void copy_long(unsigned char *to, const unsigned char *from, size_t size)
{
    unsigned char *last = to + size - BLOCK;
    const pair *l = (const pair *)(from + size - BLOCK);
    pair a = l[0], b = l[1], c = l[2], d = l[3];

    do {
        copy_block(to, from);
        to += BLOCK, from += BLOCK;
    } while (to < last);
    ((pair *)last)[0] = a, ((pair *)last)[1] = b;
    ((pair *)last)[2] = c, ((pair *)last)[3] = d;
}

static inline void *copy_up(unsigned char *to, const unsigned char *from, size_t size)
{
    if (size > BLOCK) {
        copy_long(to, from, size);
    } else if (size > 2 * PAIR) {
        copy_halves(to, from, size);
    } else if (size >= PAIR) {
        COPY_ENDS(pair, to, from, size);
    } else {
        copy_short(to, from, size);
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    return copy_up(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    if ((uintptr_t)t - (uintptr_t)f >= size) {
        return copy_up(t, f, size);
    }
    while (size >= WORD) {
        size -= WORD;
        uint64_t piece = *(const word *)(f + size);

        *(word *)(t + size) = piece;
    }
    copy_short(t, f, size);
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    unsigned char *t = to;
    uint64_t pattern = 0x0101010101010101U * (unsigned char)byte;

    if (size >= WORD) {
        *(word *)(t + size - WORD) = pattern;
        for (; size > WORD; size -= WORD, t += WORD) {
            *(word *)t = pattern;
        }
        return to;
    }
    while (size-- > 0) {
        *t++ = (unsigned char)byte;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;

    for (; size >= WORD && *(const word *)x == *(const word *)y; size -= WORD) {
        x += WORD, y += WORD;
    }
    for (; size > 0; size--, x++, y++) {
        if (*x != *y) {
            return *x - *y;
        }
    }
    return 0;
}
