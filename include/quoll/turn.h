/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is woken first: another one each time. Of those with the same priority seL4 runs the
 * one first that was woken last, so who always came at the same place would always wait for
 * the others, and beside a peer that answers at once be served far less (docs/performance.md).
 */
#ifndef QUOLL_TURN_H
#define QUOLL_TURN_H

/** Go on to the next of `number`. @return whose turn it is */
static inline unsigned turn_next(unsigned *turn, unsigned number)
{
    *turn = *turn + 1U < number ? *turn + 1U : 0;
    return *turn;
}

#endif
