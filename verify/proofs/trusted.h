/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the proofs take for granted; included before everything else. The peer's memory
 * may hold anything, and anything else at the next look: each load answers any value.
 * Our own half is never read back (<quoll/queue.h>), so that loads of it answer any
 * value too only makes the proofs stronger. The lines marked TRUSTED are listed at the
 * end of each run.
 */
#ifndef VERIFY_TRUSTED_H
#define VERIFY_TRUSTED_H

#include <stddef.h>
#include <stdint.h>

/* Frama-C 25 has no atomics; this stands in for its <stdatomic.h>. */
#define __FC_STDATOMIC
#define _Atomic

/*@ requires \valid_read(at);
    assigns \result \from \nothing; */
uint32_t any_word(const uint32_t *at);

/*@ requires \valid(at);
    assigns *at;
    ensures *at == value; */
void store_word(uint32_t *at, uint32_t value);

#define atomic_load_explicit(at, order)         any_word(at)          /* TRUSTED: a load gives any value */
#define atomic_store_explicit(at, value, order) store_word(at, value) /* TRUSTED: a store is of the whole word */
#define atomic_thread_fence(order)              ((void)0)             /* TRUSTED: orders are the models' business */

#endif
