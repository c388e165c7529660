/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processes of an exhaustive search share: the states that were seen, work for
 * those who have none, counts, and the first failure.
 */
#ifndef SIM_POOL_H
#define SIM_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/choice.h"

#define POOL_PATH 65536U /* decisions of a failing schedule, at most */

struct pool_counts {
    uint64_t states, steps, ends, depth;
};

void pool_create(unsigned jobs);

/** Note a state. @return whether it is new */
bool pool_see(uint64_t hash);

/** The table is as good as full. */
bool pool_is_full(void);

/** Whether somebody has nothing to do. */
bool pool_is_hungry(void);

/** Room for work, or NULL if there is none now; then pool_offer() it. */
unsigned char *pool_room(size_t *size);
void pool_offer(void);

/** Wait for work; NULL: there will never be any. pool_taken() when it is copied. */
const unsigned char *pool_take(void);
void pool_taken(const unsigned char *work);

/** Counts of this process since the last call, added to those of all. */
void pool_count(struct pool_counts counts);
struct pool_counts pool_counts(void);

/** A failure ends the search; the first one counts. */
void pool_fail(const char *what, const struct decision *path, size_t count);
void pool_stop(void);
bool pool_is_over(void);
const char *pool_failure(const struct decision **path, size_t *count); /* NULL: none */

#endif
