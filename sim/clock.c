/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual time: nanoseconds since reset. It passes while protection domains run, as
 * their code does (basic blocks of checked programs, calls of all), and jumps to the
 * next event when all are asleep. So a run depends on nothing outside.
 *
 * A protection domain is given fuel up to whatever comes first: an event, or the end of
 * its budget. Budgets are as on seL4's MCS kernel, in the one case that matters: with
 * less budget than period, a thread that has used it up sleeps until a period after it
 * began to use it. With as much, its equals in priority get their turn.
 *
 * With --pace, time is also never behind the host's.
 */
#include <time.h>

#include "sim/sim.h"

#define NS_PER_BLOCK 4           /* a few instructions of a CPU of 1 GHz */
#define NS_PER_TICK  16U         /* of the counter, 62.5 MHz */
#define HANG         5000000000U /* ns: a wake-up that takes this long does not end */
#define COST_COUNTER 20U
#define ENDLESS      (INT64_C(1) << 40)

int64_t sim_fuel;

static int64_t granted;
static uint64_t real_start;

static uint64_t real_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void catch_up(void)
{
    uint64_t real = sim_options.pace ? real_now() - real_start : 0;

    if (real > sim_machine.now) {
        sim_machine.now = real;
    }
}

void clock_reset(void)
{
    real_start = real_now();
}

void clock_sync(void)
{
    uint64_t used = (uint64_t)(granted - sim_fuel) * NS_PER_BLOCK;

    granted = sim_fuel;
    if (sim_options.frozen) {
        return;
    }
    sim_machine.now += used;
    if (sim_current != NULL) {
        state_of(sim_current)->used += used;
    }
}

uint64_t sim_now(void)
{
    clock_sync();
    return sim_machine.now;
}

uint64_t sim_counter(void)
{
    clock_spend(COST_COUNTER);
    if (sim_options.pace) {
        catch_up();
    }
    return sim_now() / NS_PER_TICK;
}

static bool limited(const struct sim_pd *pd)
{
    return pd->budget < pd->period;
}

static void refuel(const struct sim_pd *pd)
{
    const struct sim_pd_state *st = state_of(pd);
    uint64_t event = clock_next();
    uint64_t time = st->used < pd->budget ? pd->budget - st->used : 0;

    if (sim_options.frozen) {
        time = ENDLESS;
    } else if (event < sim_machine.now + time) {
        time = event > sim_machine.now ? event - sim_machine.now : 0;
    }
    granted = sim_fuel = (int64_t)(time / NS_PER_BLOCK) + 1;
}

void clock_grant(struct sim_pd *pd)
{
    struct sim_pd_state *st = state_of(pd);

    if (sim_machine.now >= st->refill && !sim_options.frozen) {
        st->used = 0;
        st->refill = sim_machine.now + pd->period;
    }
    refuel(pd);
}

void clock_settle(struct sim_pd *pd)
{
    (void)pd;
    clock_sync();
}

/* The current protection domain's budget is used up. */
static void end_budget(struct sim_pd *pd)
{
    struct sim_pd_state *st = state_of(pd);

    if (limited(pd)) {
        st->exhausted = true;
        report_step("%s has used up its budget", pd->name);
    } else {
        st->used = 0;
    }
    kernel_yield();
}

void sim_out_of_fuel(void)
{
    struct sim_pd *pd = sim_current;

    if (pd == NULL) { /* a program's constructor, before power-on */
        granted = sim_fuel = ENDLESS;
        return;
    }
    clock_sync();
    bool may_spin = limited(pd) && !sim_options.any_order; /* it stops nobody else */
    if ((sim_machine.now - state_of(pd)->since > HANG && !may_spin) || sim_options.frozen) {
        run_fail("%s: this wake-up does not come to an end", pd->name);
    }
    clock_events();
    if (state_of(pd)->used >= pd->budget && !sim_options.any_order) {
        end_budget(pd);
    } else {
        if (state_of(pd)->used >= pd->budget) {
            state_of(pd)->used = 0;
        }
        refuel(pd);
        choice_preempt();
    }
}

void clock_spend(uint64_t ns)
{
    sim_fuel -= (int64_t)(ns / NS_PER_BLOCK);
    if (sim_fuel <= 0 && sim_current != NULL) {
        sim_out_of_fuel();
    }
}

void clock_shorten(uint64_t when)
{
    uint64_t time = when > sim_machine.now ? when - sim_machine.now : 0;
    int64_t fuel = (int64_t)(time / NS_PER_BLOCK) + 1;

    if (sim_current != NULL && !sim_options.frozen && time < (uint64_t)ENDLESS && fuel < sim_fuel) {
        clock_sync();
        granted = sim_fuel = fuel;
    }
}

void clock_events(void)
{
    for (size_t i = 0; i < sim_system.device_count; i++) {
        struct sim_device *device = &sim_system.devices[i];
        if (sim_machine.event[i] <= sim_machine.now) {
            sim_machine.event[i] = SIM_NEVER;
            device_event(device);
        }
    }
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        struct sim_pd_state *st = &sim_machine.pd[i];
        if (st->exhausted && st->refill <= sim_machine.now) {
            st->exhausted = false;
        }
    }
}

uint64_t clock_next(void)
{
    uint64_t next = SIM_NEVER;

    for (size_t i = 0; i < sim_system.device_count; i++) {
        next = sim_machine.event[i] < next ? sim_machine.event[i] : next;
    }
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        const struct sim_pd_state *st = &sim_machine.pd[i];
        next = st->exhausted && st->refill < next ? st->refill : next;
    }
    return next;
}

/* How long to wait for the host, in ms; -1: for ever. */
static int host_wait(uint64_t next)
{
    if (!sim_options.pace) {
        return next == SIM_NEVER ? -1 : 0;
    }
    uint64_t real = real_now() - real_start;
    if (next == SIM_NEVER) {
        return -1;
    }
    return next <= real ? 0 : (int)((next - real) / 1000000U + 1U);
}

bool clock_advance(void)
{
    uint64_t next = clock_next();
    bool watched = device_watched();

    if (next > sim_options.until && (!watched || next != SIM_NEVER)) {
        bool never = next == SIM_NEVER;
        sim_machine.now = never ? sim_machine.now : sim_options.until;
        return false;
    }
    if (watched || sim_options.pace) {
        bool input = device_poll(host_wait(next));
        catch_up();
        if (input || next == SIM_NEVER || (sim_options.pace && next > sim_machine.now)) {
            return true;
        }
    }
    if (next > sim_machine.now) {
        sim_machine.now = next;
    }
    return true;
}
