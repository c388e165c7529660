/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that a program's peers may write is rewritten, all the time and in no order, while
 * the program is woken again and again: by a second thread, and by a clock that interrupts
 * the program anywhere, in the middle of its reads too, and so needs no second CPU. Nothing
 * is promised to such peers but that they come no further: the program's invariants are
 * checked after each wake-up, and the sanitizers watch its memory. (ThreadSanitizer is not
 * asked: that peers race with us is what is played.)
 *
 * That each of these tests finds a field that is read twice: test_races_planted.py.
 *
 * The writer keeps near to what is plausible, or nothing would ever be taken; peers that
 * have broken their link begin a new life. (The deterministic kin of these tests watches
 * the machine code: tests/fetch.)
 */
#ifndef RACING_H
#define RACING_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fake_pd.h"

#define RACING_WAKEUPS 100000U
#define RACING_CLOCK   150000L /* ns */

struct racer {
    struct fake_peer *peer;    /* NULL: a device, or memory without a link */
    void (*write)(void);       /* for those: one change */
    void (*tell)(void *info);  /* information that may be good, or NULL */
    void (*make)(void *entry); /* one that may be good */
    size_t entry;              /* bytes */
    void *data;                /* what the peer writes beside its half, or NULL */
    size_t size;
};

static void (*racing_wake)(microkit_channel) = notified; /* what is woken */
static uint64_t racing_least = RACING_WAKEUPS / 10U;     /* entries, for something to be shown */
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

/* In the program's own thread, wherever it is. */
static inline void racing_tick(int unused)
{
    (void)unused;
    for (unsigned n = 0; n < 8U; n++) {
        racing_write(&racers[racing_draw(racer_count)]);
    }
}

static inline timer_t racing_clock(void)
{
    struct itimerspec often = {{0, RACING_CLOCK}, {0, RACING_CLOCK}};
    struct sigaction action = {.sa_handler = racing_tick, .sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    timer_t clock;

    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &clock), 0);
    assert_int_equal(timer_settime(clock, 0, &often, NULL), 0);
    return clock;
}

static inline pthread_t racing_thread(void)
{
    pthread_t writer;
    sigset_t ticks;

    sigemptyset(&ticks);
    sigaddset(&ticks, SIGALRM);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &ticks, NULL), 0);
    assert_int_equal(pthread_create(&writer, NULL, racing_writer, NULL), 0);
    assert_int_equal(pthread_sigmask(SIG_UNBLOCK, &ticks, NULL), 0);
    return writer;
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

/* Somebody wakes the program. */
static inline void racing_notify(const struct racer *r)
{
    if (r->peer == NULL) {
        racing_wake(fake_config.device.interrupt[0]);
        return;
    }
    racing_revive(r->peer);
    for (unsigned i = racing_draw(16); i > 0; i--) { /* even where threads take turns */
        racing_write(&racers[racing_draw(racer_count)]);
    }
    racing_wake(r->peer->config->channel);
}

static inline void racing_totals(void)
{
    uint64_t taken = 0, lives = 0;

    for (unsigned i = 0; i < racer_count; i++) {
        if (racers[i].peer != NULL) {
            taken += fake_link_count(racers[i].peer, COUNT_TAKEN);
            lives += fake_link_count(racers[i].peer, COUNT_LIVES);
        }
    }
    printf("  %lu taken in %lu lives, %lu writes\n", (unsigned long)taken, (unsigned long)lives,
           (unsigned long)racing_writes);
    assert_true(taken >= racing_least); /* or nothing was shown */
    assert_true(lives > RACING_WAKEUPS / 1000U);
}

/* Wake the program while the writers write; `check` its invariants after each wake-up. */
static inline void race(struct racer *all, unsigned count, void (*check)(void))
{
    racers = all;
    racer_count = count;
    racing_over = false;
    racing_writes = 0;
    pthread_t writer = racing_thread();
    timer_t clock = racing_clock();

    for (unsigned n = 0; n < RACING_WAKEUPS || racing_writes < RACING_WAKEUPS; n++) {
        racing_notify(&all[racing_draw(count)]);
        check();
    }
    assert_int_equal(timer_delete(clock), 0);
    racing_over = true;
    assert_int_equal(pthread_join(writer, NULL), 0);
    racing_totals();
}

#endif
