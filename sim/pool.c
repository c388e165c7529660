/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "diag.h"

/*
 * The states seen, 8 bytes each, in tables of which the next is used when one is full, so
 * that a small search stays in a small piece of memory.
 */
#define TABLES 3U
static const unsigned bits[TABLES] = {21, 24, 27};
#define SIZE(table) (UINT64_C(1) << bits[table])
#define FULL(table) (SIZE(table) / 8 * 6)

#define SLOTS 8U
#define SLOT  (2U << 20)

enum slot_state { SLOT_FREE, SLOT_BEING_WRITTEN, SLOT_READY, SLOT_BEING_READ };

static struct shared {
    pthread_mutex_t lock;
    unsigned jobs, hungry;
    uint8_t state[SLOTS];
    struct pool_counts counts;
    _Atomic uint64_t seen[TABLES];
    _Atomic bool over;
    bool failed;
    char what[600];
    size_t path_count;
    struct decision path[POOL_PATH];
    unsigned char slot[SLOTS][SLOT];
} * shared;

static _Atomic uint64_t *table[TABLES];
static unsigned writing;

static void *map(size_t size)
{
    void *got =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (got == MAP_FAILED) {
        diag_fatal("no memory for %zu bytes", size);
    }
    return got;
}

void pool_create(unsigned jobs)
{
    pthread_mutexattr_t attributes;

    if (shared != NULL) { /* of an earlier search */
        munmap(shared, sizeof *shared);
    }
    shared = map(sizeof *shared);
    for (unsigned i = 0; i < TABLES; i++) {
        if (table[i] != NULL) {
            munmap(table[i], SIZE(i) * sizeof *table[0]);
        }
        table[i] = map(SIZE(i) * sizeof *table[0]);
    }
    shared->jobs = jobs;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->lock, &attributes);
}

static bool is_full(unsigned i)
{
    return atomic_load_explicit(&shared->seen[i], memory_order_relaxed) > FULL(i);
}

/* Whether `hash` is in a table that nobody adds to any more. */
static bool is_in(unsigned i, uint64_t hash)
{
    for (uint64_t at = hash;; at++) {
        uint64_t found = atomic_load_explicit(&table[i][at & (SIZE(i) - 1U)], memory_order_relaxed);
        if (found == hash || found == 0) {
            return found == hash;
        }
    }
}

/* Two that find a table full at different times may both see a state first: no harm. */
bool pool_see(uint64_t hash)
{
    unsigned i = 0;

    hash += hash == 0;
    for (; i < TABLES - 1U && is_full(i); i++) {
        if (is_in(i, hash)) {
            return false;
        }
    }
    for (uint64_t at = hash;; at++) {
        _Atomic uint64_t *word = &table[i][at & (SIZE(i) - 1U)];
        uint64_t found = atomic_load_explicit(word, memory_order_relaxed);
        if (found == 0 && atomic_compare_exchange_strong_explicit(
                              word, &found, hash, memory_order_relaxed, memory_order_relaxed)) {
            atomic_fetch_add_explicit(&shared->seen[i], 1, memory_order_relaxed);
            return true;
        }
        if (found == hash) {
            return false;
        }
    }
}

bool pool_is_full(void)
{
    return is_full(TABLES - 1U);
}

/* ---- Work ---- */

bool pool_is_hungry(void)
{
    return *(volatile unsigned *)&shared->hungry != 0;
}

static bool find(enum slot_state from, enum slot_state to, unsigned *slot)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        if (shared->state[i] == from) {
            shared->state[i] = to;
            *slot = i;
            return true;
        }
    }
    return false;
}

unsigned char *pool_room(size_t *size)
{
    pthread_mutex_lock(&shared->lock);
    bool found = find(SLOT_FREE, SLOT_BEING_WRITTEN, &writing);
    pthread_mutex_unlock(&shared->lock);
    *size = SLOT;
    return found ? shared->slot[writing] : NULL;
}

void pool_offer(void)
{
    pthread_mutex_lock(&shared->lock);
    shared->state[writing] = SLOT_READY;
    pthread_mutex_unlock(&shared->lock);
}

const unsigned char *pool_take(void)
{
    bool found = false, waits = false;
    unsigned slot;

    while (!found && !pool_is_over()) {
        pthread_mutex_lock(&shared->lock);
        found = find(SLOT_READY, SLOT_BEING_READ, &slot);
        shared->hungry += !waits && !found;
        shared->hungry -= waits && found;
        waits = !found;
        if (shared->hungry == shared->jobs) {
            shared->over = true;
        }
        pthread_mutex_unlock(&shared->lock);
        if (waits) {
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
        }
    }
    return found ? shared->slot[slot] : NULL;
}

void pool_taken(const unsigned char *work)
{
    pthread_mutex_lock(&shared->lock);
    shared->state[(size_t)(work - shared->slot[0]) / SLOT] = SLOT_FREE;
    pthread_mutex_unlock(&shared->lock);
}

/* ---- Counts and the end ---- */

void pool_count(struct pool_counts counts)
{
    pthread_mutex_lock(&shared->lock);
    shared->counts.states += counts.states;
    shared->counts.steps += counts.steps;
    shared->counts.ends += counts.ends;
    if (counts.depth > shared->counts.depth) {
        shared->counts.depth = counts.depth;
    }
    pthread_mutex_unlock(&shared->lock);
}

struct pool_counts pool_counts(void)
{
    return shared->counts;
}

void pool_fail(const char *what, const struct decision *path, size_t count)
{
    pthread_mutex_lock(&shared->lock);
    if (!shared->failed) {
        shared->failed = true;
        snprintf(shared->what, sizeof shared->what, "%s", what);
        shared->path_count = count < POOL_PATH ? count : POOL_PATH;
        memcpy(shared->path, path, shared->path_count * sizeof *path);
    }
    shared->over = true;
    pthread_mutex_unlock(&shared->lock);
}

void pool_stop(void)
{
    shared->over = true;
}

bool pool_is_over(void)
{
    return atomic_load_explicit(&shared->over, memory_order_relaxed);
}

const char *pool_failure(const struct decision **path, size_t *count)
{
    *path = shared->path;
    *count = shared->path_count;
    return shared->failed ? shared->what : NULL;
}
