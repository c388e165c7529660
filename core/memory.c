/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four functions that a freestanding compiler may call. The C library's use
 * floating point registers, which would cost every protection domain on a packet's
 * path a trap per switch (DESIGN, section 7); these use the general ones.
 *
 * How they copy is in <quoll/copy.h>, for who does it in line. Unaligned accesses: normal
 * memory only.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <quoll/copy.h>

#define WORD sizeof(copy_word)

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    quoll_copy(to, from, size);
    return to;
}

/* Towards where it came from, in words; what is left of one is less than one. */
void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    if ((uintptr_t)t - (uintptr_t)f >= size) {
        for (; size >= WORD; size -= WORD, t += WORD, f += WORD) {
            *(copy_word *)t = *(const copy_word *)f;
        }
        copy_short(t, f, size);
        return to;
    }
    while (size >= WORD) {
        size -= WORD;
        uint64_t piece = *(const copy_word *)(f + size);

        *(copy_word *)(t + size) = piece;
    }
    copy_short(t, f, size);
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    unsigned char *t = to;
    uint64_t pattern = 0x0101010101010101U * (unsigned char)byte;

    if (size >= WORD) {
        *(copy_word *)(t + size - WORD) = pattern;
        for (; size > WORD; size -= WORD, t += WORD) {
            *(copy_word *)t = pattern;
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

    for (; size >= WORD && *(const copy_word *)x == *(const copy_word *)y; size -= WORD) {
        x += WORD, y += WORD;
    }
    for (; size > 0; size--, x++, y++) {
        if (*x != *y) {
            return *x - *y;
        }
    }
    return 0;
}
