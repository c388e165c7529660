/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that a program's peers may write is rewritten, all the time and in no order, while
 * the program is woken again and again: by a second thread, and in the program's own, now
 * and then where its course parts, as it does between each check and what follows it. The
 * latter needs no luck and no second CPU. Nothing is promised to such peers but that they
 * come no further: the program's invariants are checked after each wake-up, and the
 * sanitizers watch its memory. (ThreadSanitizer is not asked: that peers race with us is
 * what is played.)
 *
 * That each of these tests finds a field that is read twice: test_races_planted.py.
 *
 * The writer keeps near to what is plausible, or nothing would ever be taken; peers that
 * have broken their link begin a new life. (The deterministic kin of these tests watches
 * the machine code: tests/fetch.)
 */
#ifndef RACING_H
#define RACING_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_pd.h"

#define RACING_WAKEUPS 30000U

struct racer {
    struct fake_peer *peer;    /* NULL: a device, or memory without a link */
    void (*write)(void);       /* for those: one change */
    void (*storm)(void);       /* all at once, or NULL */
    void (*tell)(void *info);  /* information that may be good, or NULL */
    void (*make)(void *entry); /* one that may be good */
    size_t entry;              /* bytes */
    void *data;                /* what the peer writes beside its half, or NULL */
    size_t size;
};

static uint64_t racing_least = RACING_WAKEUPS / 10U; /* entries, for something to be shown */
static unsigned racing_wakeups = RACING_WAKEUPS;
static uint32_t racing_rate = 256; /* how seldom the program is interrupted */
static _Thread_local bool racing_inside_program;
static bool racing_alone;           /* no thread: for writers that must be alone */
static bool (*racing_inside)(void); /* what holds in the midst of a wake-up, too; or NULL */
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

/* The same for who is called by all that is instrumented. */
__attribute__((no_sanitize_coverage)) static uint32_t racing_draw_quietly(void)
{
    static uint32_t state = 1;

    state = state * 1664525U + 1013904223U;
    return state >> 8;
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

static inline void racing_info(const struct racer *r)
{
    uint8_t info[LINK_INFO_SIZE];

    racing_fill(info, sizeof info);
    if (r->tell != NULL && racing_draw(8) != 0) {
        r->tell(info);
    }
    for (size_t i = 0; i < sizeof info; i++) {
        ((volatile uint8_t *)r->peer->half->info)[i] = info[i];
    }
    r->peer->half->generation += racing_draw(3);
}

/* One change; addresses and sizes are the configuration's, values anybody's. */
static inline void racing_write(const struct racer *r)
{
    if (r->peer == NULL) {
        r->write();
        return;
    }
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
        racing_info(r);
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

/* In the program's own thread, wherever it is: all entries and data of one peer are others. */
static inline void racing_tick(void)
{
    const struct racer *r = &racers[racing_draw(racer_count)];

    if (r->data != NULL) {
        memset(r->data, (int)racing_draw(4), r->size);
    }
    for (uint32_t n = 0; r->peer != NULL && n < r->peer->out.capacity; n++) {
        r->make(r->peer->half->produce.entries + n * r->entry);
    }
    if (r->tell != NULL) {
        racing_info(r);
        r->peer->half->generation += r->peer->half->generation & 1U; /* and it is whole */
    }
    if (r->storm != NULL && racing_draw(8) == 0) {
        r->storm();
    }
    for (unsigned n = 0; n < 8U; n++) {
        racing_write(&racers[racing_draw(racer_count)]);
    }
    racing_writes += 8U;
    if (racing_inside != NULL && !racing_inside()) {
        fputs("racing: more than there can be\n", stderr);
        abort();
    }
}

/* The compiler calls this wherever the program's course can part (mk/tests.mk). */
__attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc(void)
{
    if (racing_inside_program && racing_draw_quietly() % racing_rate == 0) {
        racing_inside_program = false;
        racing_tick();
        racing_inside_program = true;
    }
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

static inline void racing_enter(microkit_channel channel)
{
    racing_inside_program = true;
    notified(channel);
    racing_inside_program = false;
}

/* Somebody wakes the program. */
static inline void racing_notify(const struct racer *r)
{
    if (r->peer == NULL) {
        racing_enter(fake_config.device.interrupt[0]);
        return;
    }
    racing_revive(r->peer);
    for (unsigned i = racing_draw(16); i > 0; i--) { /* even where threads take turns */
        racing_write(&racers[racing_draw(racer_count)]);
    }
    racing_enter(r->peer->config->channel);
}

static inline void racing_totals(void)
{
    uint64_t taken = 0, lives = 0;

    bool links = false;

    for (unsigned i = 0; i < racer_count; i++) {
        if (racers[i].peer != NULL) {
            links = true;
            taken += fake_link_count(racers[i].peer, COUNT_TAKEN);
            lives += fake_link_count(racers[i].peer, COUNT_LIVES);
        }
    }
    printf("  %lu taken in %lu lives, %lu writes\n", (unsigned long)taken, (unsigned long)lives,
           (unsigned long)racing_writes);
    assert_true(!links || taken >= racing_least); /* or nothing was shown */
    assert_true(!links || lives > racing_wakeups / 1000U);
}

/* Wake the program while the writers write; `check` its invariants after each wake-up. */
static inline void race(struct racer *all, unsigned count, void (*check)(void))
{
    racers = all;
    racer_count = count;
    racing_over = false;
    racing_writes = 0;
    pthread_t writer;

    if (!racing_alone) {
        assert_int_equal(pthread_create(&writer, NULL, racing_writer, NULL), 0);
    }

    for (unsigned n = 0; n < racing_wakeups || racing_writes < racing_wakeups; n++) {
        racing_notify(&all[racing_draw(count)]);
        check();
    }
    racing_over = true;
    if (!racing_alone) {
        assert_int_equal(pthread_join(writer, NULL), 0);
    }
    racing_totals();
}

#endif
