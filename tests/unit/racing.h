/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second thread that rewrites all that a program's peers may write, all the time and in
 * no order, while the program is woken again and again. Nothing is promised to such peers
 * but that they come no further: the program checks its invariants after each wake-up, and
 * the sanitizers watch its memory.
 *
 * The writer keeps near to what is plausible, or nothing would ever be taken; peers that
 * have broken their link begin a new life. (The deterministic kin of these tests watches
 * the machine code: tests/fetch.)
 */
#ifndef RACING_H
#define RACING_H

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "fake_pd.h"

#define RACING_WAKEUPS 100000U

struct racer {
    struct fake_peer *peer;
    void (*make)(void *entry); /* one that may be good */
    size_t entry;              /* bytes */
    void *data;                /* what the peer writes beside its half, or NULL */
    size_t size;
};

static struct racer *racers;
static unsigned racer_count;
static atomic_bool racing_over;
static _Atomic uint64_t racing_writes;

/* Each thread draws from its own. */
static _Thread_local uint64_t racing_state = 88172645463325252ULL;

static inline uint32_t racing_draw(uint32_t below)
{
    racing_state ^= racing_state << 13;
    racing_state ^= racing_state >> 7;
    racing_state ^= racing_state << 17;
    return (uint32_t)(racing_state >> 32) % below;
}

static inline void racing_fill(volatile uint8_t *at, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)racing_draw(256);
    }
}

static inline void racing_entry(const struct racer *r)
{
    uint8_t entry[64];
    volatile uint8_t *at =
        r->peer->half->produce.entries + racing_draw(r->peer->out.capacity) * r->entry;

    r->make(entry);
    for (size_t i = 0; i < r->entry; i++) {
        at[i] = racing_draw(64) == 0 ? (uint8_t)racing_draw(256) : entry[i];
    }
}

/* One change; addresses and sizes are the configuration's, values anybody's. */
static inline void racing_write(const struct racer *r)
{
    struct link_half *half = r->peer->half;
    const struct link_half *theirs = r->peer->pd;

    switch (racing_draw(10)) {
    case 0:
    case 1:
        if (half->produce.tail - theirs->consume.head < r->peer->out.capacity) {
            half->produce.tail += 1U;
        }
        break;
    case 2:
    case 3:
        half->consume.head = theirs->produce.tail - racing_draw(4);
        break;
    case 4:
        half->consume.wake_at = theirs->produce.tail - racing_draw(3);
        half->produce.room_at = half->produce.tail - racing_draw(r->peer->out.capacity + 2U);
        break;
    case 5:
        racing_fill(half->info, sizeof half->info);
        half->generation += racing_draw(3);
        break;
    case 6:
        if (r->data != NULL) {
            racing_fill((uint8_t *)r->data + racing_draw((uint32_t)r->size - 64U), 64);
        }
        break;
    case 7:
        if (racing_draw(100) == 0) { /* the link itself, and it is broken */
            half->produce.tail = racing_draw(UINT32_MAX);
            half->seen = racing_draw(4);
        }
        break;
    default:
        racing_entry(r);
        break;
    }
}

static inline void *racing_writer(void *unused)
{
    (void)unused;
    racing_state = 1234567;
    while (!racing_over) {
        racing_write(&racers[racing_draw(racer_count)]);
        racing_writes += 1;
    }
    return NULL;
}

/* A peer that is cut off has a new life, and says that it has seen ours. */
static inline void racing_revive(const struct fake_peer *peer)
{
    uint32_t *life = (uint32_t *)&fake_lives[peer->config->peer_pd];

    if (racing_draw(8) == 0) {
        *life += 1U;
        peer->half->produce.tail = 0;
        peer->half->consume.head = 0;
    }
    peer->half->magic = LINK_MAGIC;
    peer->half->version = LINK_VERSION;
    peer->half->life = *life + 1U;
    peer->half->seen = fake_lives[0] + 1U;
}

/* Wake the program while the writer writes; `check` its invariants after each wake-up. */
static inline void race(struct racer *all, unsigned count, void (*check)(void))
{
    pthread_t writer;
    uint64_t taken = 0, lives = 0;

    racers = all;
    racer_count = count;
    racing_over = false;
    racing_writes = 0;
    assert_int_equal(pthread_create(&writer, NULL, racing_writer, NULL), 0);
    for (unsigned n = 0; n < RACING_WAKEUPS || racing_writes < RACING_WAKEUPS; n++) {
        const struct fake_peer *peer = all[racing_draw(count)].peer;
        racing_revive(peer);
        for (unsigned i = racing_draw(16); i > 0; i--) { /* even where threads take turns */
            racing_write(&all[racing_draw(count)]);
        }
        notified(peer->config->channel);
        check();
    }
    racing_over = true;
    assert_int_equal(pthread_join(writer, NULL), 0);
    for (unsigned i = 0; i < count; i++) {
        taken += fake_link_count(all[i].peer, COUNT_TAKEN);
        lives += fake_link_count(all[i].peer, COUNT_LIVES);
    }
    printf("  %lu taken in %lu lives, %lu writes\n", (unsigned long)taken, (unsigned long)lives,
           (unsigned long)racing_writes);
    assert_true(taken > RACING_WAKEUPS / 10U); /* or nothing was shown */
    assert_true(lives > RACING_WAKEUPS / 1000U);
}

#endif
