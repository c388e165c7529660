/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is woken first: another one each time, or any. Of those with the same priority seL4 runs the
 * one first that was woken last, so who always came at the same place would always wait for
 * the others, and beside a peer that answers at once be served far less (docs/performance.md).
 */
#ifndef QUOLL_TURN_H
#define QUOLL_TURN_H

#include <stdint.h>

/** Go on to the next of `number`. @return whose turn it is */
static inline unsigned turn_next(unsigned *turn, unsigned number)
{
    *turn = *turn + 1U < number ? *turn + 1U : 0;
    return *turn;
}

/**
 * Any of `number`, all equally often: for what comes in steps of its own, with which turns
 * could keep pace. (A linear congruential generator, whose upper bits are used.)
 */
static inline unsigned turn_draw(uint32_t *state, unsigned number)
{
    *state = *state * 1664525U + 1013904223U;
    return (unsigned)((uint64_t)*state * number >> 32);
}

#endif
