/* SPDX-License-Identifier: BSD-2-Clause */
#include "compose.h"

/* Sebastiano Vigna's splitmix64: the same on every machine, unlike rand(). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

static void swap(unsigned *a, unsigned *b)
{
    unsigned kept = *a;

    *a = *b;
    *b = kept;
}

void compose_shuffle(struct system *s, uint64_t seed)
{
    size_t children = s->pd_count - 1;

    for (size_t i = children; i > 1; i--) {
        swap(&s->order[i - 1], &s->order[next_random(&seed) % i]);
    }
    for (size_t i = children; i > 1; i--) {
        swap(&s->pds[i - 1].priority, &s->pds[next_random(&seed) % i].priority);
    }
}
