/* SPDX-License-Identifier: BSD-2-Clause */
/* Gives every word that there is to the composer's scan and prints what it refuses. */
#include <inttypes.h>
#include <stdio.h>

#include "scan.h"

#define WORDS (1U << 20)

static uint32_t block[WORDS];

static void scan_block(void)
{
    struct timer_write found;
    uint64_t at = 0;

    while (scan_words(block + at, (WORDS - at) * sizeof block[0], at * sizeof block[0], &found)) {
        at = found.address / sizeof block[0];
        printf("%08" PRIx32 " %s\n", block[at], found.register_name);
        at += 1;
    }
}

int main(void)
{
    for (uint64_t first = 0; first <= UINT32_MAX; first += WORDS) {
        for (uint32_t i = 0; i < WORDS; i++) {
            block[i] = (uint32_t)first + i;
        }
        scan_block();
    }
    return 0;
}
