/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs: the first PD in the ready queue of the highest priority. A PD stays first
 * while it runs and when it is preempted; when it blocks it leaves the queue, and when
 * its slice is used up it goes to the end. One that becomes ready comes first, as on
 * seL4, unless it is an equal of one that runs and goes on.
 *
 * For how long: a budget is charged only while that matters, so that the usual switch
 * touches no timer. It matters if other PDs of the priority are ready (the budget is
 * then a slice, taken in turn) or if it is less than its period. What is used of such a
 * budget comes back a period after its use began, as on seL4, which by default keeps
 * two pieces apart: what is left, and what comes later. An idle system has no alarm
 * set, unless a PD sleeps.
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
static struct budget *charged;

static void enqueue(struct pd *pd)
{
    struct pd **queue = &queues[pd->priority];

    pd->place = QUEUED;
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

static void leave(struct pd *pd)
{
    if (pd->place == ASLEEP) {
        list_remove(&sleepers, pd);
    } else if (pd->place == QUEUED) {
        dequeue(pd);
    }
    pd->place = NOWHERE;
}

void sched_ready(struct pd *pd)
{
    pd->state = PD_READY;
    if (pd->budget != NULL) {
        enqueue(pd);
    }
}

void sched_block(struct pd *pd, enum pd_state state)
{
    leave(pd);
    pd->state = state;
}

void sched_rotate(struct pd *pd)
{
    if (queues[pd->priority] == pd) {
        queues[pd->priority] = pd->next;
    }
}

static void sleep(struct pd *pd)
{
    leave(pd);
    pd->place = ASLEEP;
    list_append(&sleepers, pd);
}

static void wake_sleepers(uint64_t now)
{
    struct pd *pd = sleepers;

    for (unsigned n = 0; n < MAX_PDS && pd != NULL; n++) {
        struct pd *next = pd->next;
        if (pd->budget->later_at <= now) {
            leave(pd);
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
        if (pd != NULL && pd->budget->later_at < first) {
            first = pd->budget->later_at;
        }
        pd = pd == NULL ? NULL : pd->next;
    } while (pd != sleepers);
    return first;
}

static bool time_matters(const struct pd *pd)
{
    return DEVKIT_BENCHMARK || pd->budget->limited || pd->next != pd;
}

/* What comes later joins what is left if it is due before that can be used up. */
static void start_charging(struct budget *b)
{
    b->since = clock_now();
    charged = b;
    if (b->later_at <= b->since + (uint64_t)(b->left > 0 ? b->left : 0)) {
        b->left += b->later;
        b->later = 0;
    }
}

/* What was used since `since` comes back a period after that. If more is to come back
 * already, it is made one piece with it, none of which can be used too early. */
static void stop_charging(void)
{
    struct budget *b = charged;
    uint64_t now = clock_now(), back = b->since + b->period;
    int64_t ran = (int64_t)(now - b->since);

    if (b->limited && (b->later == 0 || back > b->later_at + (uint64_t)b->later)) {
        b->later_at = back - (uint64_t)b->later;
    }
    b->later += b->limited ? ran : 0;
    b->left -= ran;
    b->used += (uint64_t)ran;
    charged = NULL;
}

/* A PD's time is up: its budget, or its turn among its equals. */
static void expire(struct pd *pd)
{
    if (pd->budget->limited) {
        sleep(pd);
    } else {
        pd->budget->left = (int64_t)pd->budget->amount;
        sched_rotate(pd);
    }
}

static void set_alarm(const struct pd *running)
{
    uint64_t when = sleepers == NULL ? NEVER : first_waking();

    if (running != NULL && (running->budget->limited || running->next != running)) {
        const struct budget *b = running->budget;
        uint64_t end = b->since + (uint64_t)(b->left > 0 ? b->left : 0);
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

    if (UNLIKELY(charged != NULL) && (next == NULL || next->budget != charged)) {
        stop_charging();
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
        if (matters && charged == NULL) {
            start_charging(next->budget);
        }
        set_alarm(next);
        alarm_may_be_set = matters || sleepers != NULL;
    }
    if (DEVKIT_INSTRUMENTS) {
        inject_arm(next);
    }
}

void sched_tick(void)
{
    if (charged != NULL) {
        stop_charging();
        if (current->place == QUEUED && current->budget->left <= 0) {
            expire(current);
        }
    }
    wake_sleepers(clock_now());
}
