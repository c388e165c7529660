/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four functions that a freestanding compiler may call. The C library's use
 * floating point registers, which would cost every protection domain on a packet's
 * path a trap per switch (DESIGN, section 7); these use the general ones.
 *
 * Sixty-four bytes per turn, unaligned accesses allowed: normal memory only.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* May alias anything and lie anywhere. */
typedef uint64_t __attribute__((may_alias, aligned(1))) word;

#define WORD  sizeof(word)
#define BLOCK (8 * WORD)

/* All loads before all stores, so that the order of blocks alone decides about overlaps. */
static inline void copy_block(unsigned char *to, const unsigned char *from)
{
    const word *f = (const word *)from;
    word *t = (word *)to;
    uint64_t a = f[0], b = f[1], c = f[2], d = f[3], e = f[4], g = f[5], h = f[6], i = f[7];

    t[0] = a, t[1] = b, t[2] = c, t[3] = d, t[4] = e, t[5] = g, t[6] = h, t[7] = i;
}

static void *copy_up(unsigned char *to, const unsigned char *from, size_t size)
{
    void *start = to;

    for (; size >= BLOCK; size -= BLOCK, to += BLOCK, from += BLOCK) {
        copy_block(to, from);
    }
    for (; size >= WORD; size -= WORD, to += WORD, from += WORD) {
        *(word *)to = *(const word *)from;
    }
    while (size-- > 0) {
        *to++ = *from++;
        __asm__ volatile(""); /* not to be turned into a call of ourselves */
    }
    return start;
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
    while (size-- > 0) {
        t[size] = f[size];
        __asm__ volatile("");
    }
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    unsigned char *t = to;
    uint64_t pattern = 0x0101010101010101U * (unsigned char)byte;

    for (; size >= WORD; size -= WORD, t += WORD) {
        *(word *)t = pattern;
        __asm__ volatile("");
    }
    while (size-- > 0) {
        *t++ = (unsigned char)byte;
        __asm__ volatile("");
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
