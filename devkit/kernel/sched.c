/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs: the first PD in the ready queue of the highest priority. A PD stays first
 * while it runs and when it is preempted; when it blocks it leaves the queue, and when
 * its slice is used up it goes to the end. One that becomes ready comes first, as on
 * seL4, unless it is an equal of one that runs and goes on.
 *
 * For how long: a PD is charged only while that matters, so that the usual switch
 * touches no timer. It matters if others of its priority are ready (its budget is then
 * its slice, taken in turn) or if its budget is less than its period. Such a PD gets
 * its budget when it starts to use it; when that is used up it sleeps until a period
 * after that. An idle system has no alarm set, unless such a PD sleeps.
 */
#include "kernel.h"

#include <stddef.h>

#define WORDS 4 /* of 64 priorities */

/* Before the first PD runs, somebody must have. */
static struct pd nobody;
struct pd *current = &nobody;

static struct pd *queues[64 * WORDS];
static uint64_t occupied[WORDS];
static struct pd *sleepers;

static void enqueue(struct pd *pd)
{
    struct pd **queue = &queues[pd->priority];

    list_append(queue, pd);
    if (*queue != current) {
        *queue = pd;
    }
    occupied[pd->priority / 64] |= 1ULL << (pd->priority % 64);
}

static void dequeue(struct pd *pd)
{
    list_remove(&queues[pd->priority], pd);
    if (queues[pd->priority] == NULL) {
        occupied[pd->priority / 64] &= ~(1ULL << (pd->priority % 64));
    }
}

static struct pd *highest(void)
{
    for (int word = WORDS - 1; word >= 0; word--) {
        if (occupied[word] != 0) {
            return queues[64 * word + 63 - __builtin_clzll(occupied[word])];
        }
    }
    return NULL;
}

void sched_ready(struct pd *pd)
{
    pd->state = PD_READY;
    enqueue(pd);
}

void sched_block(struct pd *pd, enum pd_state state)
{
    if (pd->state == PD_READY && pd->asleep) {
        list_remove(&sleepers, pd);
        pd->asleep = false;
    } else if (pd->state == PD_READY) {
        dequeue(pd);
    }
    pd->state = state;
}

void sched_rotate(struct pd *pd)
{
    if (queues[pd->priority] == pd) {
        queues[pd->priority] = pd->next;
    }
}

void sched_sleep(struct pd *pd)
{
    dequeue(pd);
    pd->asleep = true;
    list_append(&sleepers, pd);
}

static void wake_sleepers(uint64_t now)
{
    struct pd *pd = sleepers;

    for (unsigned n = 0; n < MAX_PDS && pd != NULL; n++) {
        struct pd *next = pd->next;
        if (now - pd->window >= pd->period) {
            list_remove(&sleepers, pd);
            pd->asleep = false;
            enqueue(pd);
        }
        pd = sleepers == NULL ? NULL : next;
    }
}

static uint64_t first_waking(void)
{
    uint64_t first = NEVER;
    struct pd *pd = sleepers;

    do {
        if (pd != NULL && pd->window + pd->period < first) {
            first = pd->window + pd->period;
        }
        pd = pd == NULL ? NULL : pd->next;
    } while (pd != sleepers);
    return first;
}

static bool time_matters(const struct pd *pd)
{
    return DEVKIT_BENCHMARK || pd->limited || pd->next != pd;
}

static void start_charging(struct pd *pd)
{
    uint64_t now = clock_now();

    pd->since = now;
    if (pd->limited && now - pd->window >= pd->period) {
        pd->window = now;
        pd->left = (int64_t)pd->budget;
    }
}

static void stop_charging(struct pd *pd)
{
    uint64_t ran = clock_now() - pd->since;

    pd->since = 0;
    pd->left -= (int64_t)ran;
    pd->used += ran;
}

/* A PD's time is up: its budget, or its turn among its equals. */
static void expire(struct pd *pd)
{
    if (pd->limited) {
        sched_sleep(pd);
    } else {
        pd->left = (int64_t)pd->budget;
        sched_rotate(pd);
    }
}

static void set_alarm(const struct pd *running)
{
    uint64_t when = sleepers == NULL ? NEVER : first_waking();

    if (running != NULL && (running->limited || running->next != running)) {
        uint64_t end = running->since + (uint64_t)(running->left > 0 ? running->left : 0);
        when = end < when ? end : when;
    }
    clock_alarm(when);
}

static void switch_to(struct pd *next)
{
    current->regs.tpidr_el0 = READ_SYSREG(tpidr_el0);
    WRITE_SYSREG(tpidr_el0, next->regs.tpidr_el0);
    WRITE_SYSREG(tpidrro_el0, next->regs.tpidrro_el0);
    WRITE_SYSREG(vttbr_el2, next->space);
    fpu_follow(next);
    current = next;
}

void sched_choose(void)
{
    static bool alarm_may_be_set;
    struct pd *next = highest();

    if (UNLIKELY(current->since != 0) && next != current) {
        stop_charging(current);
    }
    if (next == NULL) {
        set_alarm(NULL);
        idle();
    }
    if (next != current) {
        switch_to(next);
    }
    bool matters = time_matters(next);
    if (UNLIKELY(matters || sleepers != NULL || alarm_may_be_set)) {
        if (matters && next->since == 0) {
            start_charging(next);
        }
        set_alarm(next);
        alarm_may_be_set = matters || sleepers != NULL;
    }
}

void sched_tick(void)
{
    if (current->since != 0) {
        stop_charging(current);
        if (current->state == PD_READY && !current->asleep && current->left <= 0) {
            expire(current);
        }
    }
    wake_sleepers(clock_now());
}
