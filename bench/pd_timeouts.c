/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timeouts. With `count` (up to TIMER_IDS) it keeps so many running, far in the future,
 * and with `active: 1` sets and awaits one more, EXPIRIES_PER_MARK times from mark to
 * mark (count.h). With `heap` it does without a timer: HEAP_CHANGES times the heap behind
 * the virtualiser gets a new time for one of so many nodes, and takes it out again.
 */
#include <quoll/panic.h>
#include <quoll/pd.h>
#include <quoll/time.h>
#include <quoll/timer_client.h>

#include "count.h"
#include "plan.h"
#include "timer/heap.h"

#define FAR QUOLL_S(100000)

static struct timer_client timer;
static uint32_t active; /* the id that is set again and again; TIMER_IDS: none */
static uint64_t expiries;

static struct heap_node nodes[HEAP_MOST + 1];
static struct heap_node *places[HEAP_MOST + 1];

static uint32_t number(const char *key)
{
    const char *text = quoll_setting(key);
    uint32_t value = 0;

    for (; text != NULL && *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (uint32_t)(*text - '0');
    }
    return value;
}

/* Any, but the same in each run. */
static uint64_t some_time(uint64_t n)
{
    return (n + 1U) * 0x9e3779b97f4a7c15U >> 20;
}

static void use_heap(uint32_t count)
{
    struct heap heap = {.nodes = places, .capacity = HEAP_MOST + 1};

    for (uint32_t n = 0; n < count; n++) {
        nodes[n] = (struct heap_node){0};
        heap_put(&heap, &nodes[n], some_time(n));
    }
    nodes[count] = (struct heap_node){0};
    BENCH_MARK();
    for (uint32_t n = 0; n < HEAP_CHANGES; n++) {
        heap_put(&heap, &nodes[count], some_time(count + n));
        heap_remove(&heap, &nodes[count]);
    }
    BENCH_MARK();
    QUOLL_INVARIANT(heap.count == count);
}

static void next(void)
{
    QUOLL_INVARIANT(timer_set_after(&timer, active, QUOLL_US(100)) == QUOLL_OK);
}

void pd_start(void)
{
    uint32_t count = number("count");

    if (quoll_setting("heap") != NULL) {
        for (unsigned i = 0; i < PLAN_LENGTH(heap_counts); i++) {
            use_heap(heap_counts[i]);
        }
        return;
    }
    QUOLL_INVARIANT(timer_client_open(&timer, NULL) == QUOLL_OK && count <= TIMER_IDS);
    active = number("active") ? count - 1U : TIMER_IDS;
    for (uint32_t id = 0; id < count; id++) {
        if (id != active) {
            (void)timer_set(&timer, id, quoll_now() + FAR + some_time(id));
        }
    }
    if (active < TIMER_IDS) {
        next();
    }
}

void pd_wake(microkit_channel channel)
{
    struct timer_expiry expiry;

    (void)timer_client_wake(&timer, channel);
    while (timer_client_next(&timer, &expiry)) {
        if (expiry.id == active) {
            expiries += 1;
            if (expiries % EXPIRIES_PER_MARK == 0) {
                BENCH_MARK();
            }
            next();
        }
    }
}
