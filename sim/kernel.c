/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the Microkit and seL4 do for protection domains, one CPU's worth.
 *
 * A signal goes to a waiting thread at once, with its own bit alone; those that come
 * before the thread waits again are gathered in its notification word, and that is what
 * it gets then (seL4 reference manual, 5 "Notifications"). An interrupt is masked from
 * its delivery to its acknowledgement. Messages are received when there is no notification.
 */
#include <string.h>

#include "sim/calls.h"
#include "sim/process.h"
#include "sim/sim.h"

#define COST_SIGNAL  400U /* ns, of a system call */
#define COST_WAKE_UP 600U

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define UNPOISON(start, size)            __asan_unpoison_memory_region(start, size)
#define FIBER_LEAVE(fake, bottom, size)  __sanitizer_start_switch_fiber(fake, bottom, size)
#define FIBER_ARRIVE(fake, bottom, size) __sanitizer_finish_switch_fiber(fake, bottom, size)
#else
#define UNPOISON(start, size)            ((void)(start), (void)(size))
#define FIBER_LEAVE(fake, bottom, size)  ((void)(fake), (void)(bottom), (void)(size))
#define FIBER_ARRIVE(fake, bottom, size) ((void)(fake), (void)(bottom), (void)(size))
#endif

struct sim_machine sim_machine;
struct sim_pd *sim_current;

static void *scheduler;
static const void *scheduler_stack;
static size_t scheduler_stack_size;

/* ---- Threads ---- */

static bool is_actor(const struct sim_pd *pd)
{
    return pd->index >= SIM_MAX_PDS;
}

static void act(struct sim_pd *actor)
{
    sim_machine.event[actor->device->index] = SIM_NEVER;
    report_step("%s acts", actor->name);
    device_event(actor->device);
    state_of(actor)->sp = NULL;
    kernel_abandon();
}

/* A thread from its wake-up to its sleep. */
static void enter(void)
{
    struct sim_pd *pd = sim_current;
    struct sim_pd_state *st = state_of(pd);

    FIBER_ARRIVE(NULL, &scheduler_stack, &scheduler_stack_size);
    if (is_actor(pd)) {
        act(pd);
    }
    if (st->faults_again) {
        message_fault_again(pd);
    }
    report_step("%s wakes up: 0x%lx", pd->name, st->badge);
    (sim_options.processes ? process_wake : pd->program->wake)(st->badge);
    sim_sleep();
}

/* For one that enters anew: sp is NULL until it runs, since it may be the one that asks. */
static void *fresh_stack(struct sim_pd *pd)
{
    uintptr_t *sp = (uintptr_t *)(void *)(pd->stack + pd->stack_size);

    UNPOISON(pd->stack, pd->stack_size); /* frames that nobody returned from */
    *--sp = 0; /* enter() does not return; and calls leave the stack at 16 n + 8 */
    *--sp = (uintptr_t)enter;
    for (unsigned saved = 0; saved < 6; saved++) {
        *--sp = 0;
    }
    return sp;
}

void kernel_start(struct sim_pd *pd)
{
    struct sim_pd_state *st = state_of(pd);

    program_reset(pd);
    if (sim_options.processes) {
        process_start(pd);
    }
    pd->is_changed = true;
    message_forget(pd);
    st->late_count = 0;
    st->faults_again = false;
    st->badge = 0;
    kernel_enter(pd);
}

void kernel_enter(struct sim_pd *pd)
{
    state_of(pd)->sp = NULL;
    kernel_go_on(pd);
}

void kernel_go_on(struct sim_pd *pd)
{
    state_of(pd)->status = SIM_READY;
    state_of(pd)->since = sim_machine.now;
    clock_wake(pd);
}

void kernel_resume(struct sim_pd *pd)
{
    struct sim_pd_state *st = state_of(pd);
    void *fake = NULL;

    sim_current = pd;
    sim_machine.last_turn[pd->index] = ++sim_machine.turn;
    clock_grant(pd);
    sim_kernel_stack = pd->kernel_stack;
    FIBER_LEAVE(&fake, pd->stack, pd->stack_size);
    sim_switch(&scheduler, st->sp != NULL ? st->sp : fresh_stack(pd));
    FIBER_ARRIVE(fake, NULL, NULL);
    sim_kernel_stack = NULL;
    clock_settle(pd);
    sim_current = NULL;
}

void kernel_yield(void)
{
    void *fake = NULL;

    FIBER_LEAVE(&fake, scheduler_stack, scheduler_stack_size);
    sim_switch(&state_of(sim_current)->sp, scheduler);
    FIBER_ARRIVE(fake, NULL, NULL);
}

void kernel_abandon(void)
{
    void *forgotten;

    FIBER_LEAVE(NULL, scheduler_stack, scheduler_stack_size);
    sim_switch(&forgotten, scheduler);
    __builtin_unreachable();
}

bool kernel_runnable(struct sim_pd *pd)
{
    if (is_actor(pd)) {
        return sim_machine.event[pd->device->index] <= sim_machine.now;
    }
    return state_of(pd)->status == SIM_READY && clock_has_budget(pd);
}

void kernel_reset(void)
{
    memset(&sim_machine, 0, sizeof sim_machine);
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        kernel_start(&sim_system.pds[i]);
    }
}

/* ---- Waiting ---- */

void kernel_wake(struct sim_pd *pd)
{
    struct sim_pd_state *st = state_of(pd);

    if (st->status != SIM_WAITING) {
        return;
    }
    if (st->pending != 0) {
        st->badge = st->pending;
        st->pending = 0;
    } else if (!message_receive(pd)) {
        return;
    }
    kernel_go_on(pd);
}

void kernel_sleep(void)
{
    struct sim_pd *pd = sim_current;
    struct sim_pd_state *st = state_of(pd);

    clock_spend(COST_WAKE_UP);
    if (st->late_count > 0) {
        choice_point("sleeping");
    }
    kernel_flush(pd, SIM_LATE_STORES);
    report_step("%s sleeps", pd->name);
    st->status = SIM_WAITING;
    st->sp = NULL;
    kernel_wake(pd);
    kernel_abandon();
}

/* ---- Notifications, interrupts ---- */

void kernel_signal(struct sim_pd *pd, unsigned channel)
{
    struct sim_pd_state *st = state_of(pd);

    st->pending |= 1ULL << channel;
    kernel_wake(pd);
}

bool kernel_misused(bool wrong, const char *what, unsigned channel)
{
    if (wrong && sim_options.faults_fail) {
        run_fail("%s: %s on channel %u, which it does not have", sim_current->name, what, channel);
    } else if (wrong) {
        report_output(sim_current->name);
        report_output(": no such channel\n");
    }
    return wrong;
}

void kernel_notify(unsigned channel)
{
    struct sim_pd *pd = sim_current;
    struct sim_pd *peer = channel < SIM_MAX_CHANNELS ? pd->channel[channel].peer : NULL;

    if (kernel_misused(peer == NULL || !pd->channel[channel].notify, "notification", channel)) {
        return;
    }
    choice_point("notifying");
    kernel_flush(pd, SIM_LATE_STORES);
    report_step("%s notifies %s", pd->name, peer->name);
    watch_signal(pd, channel);
    kernel_signal(peer, pd->channel[channel].channel);
    clock_spend(COST_SIGNAL);
    choice_preempt();
}

static void raise_irq(struct sim_pd *pd, size_t irq)
{
    struct sim_irq_state *st = &sim_machine.irq[pd->index][irq];

    st->masked = true;
    st->latched = false;
    report_step("interrupt for %s", pd->name);
    kernel_signal(pd, pd->irqs[irq].channel);
}

void kernel_line(struct sim_pd *pd, size_t irq, bool level)
{
    struct sim_irq_state *st = &sim_machine.irq[pd->index][irq];
    bool rises = level && !st->level;

    st->level = level;
    st->latched = st->latched || (pd->irqs[irq].edge && rises);
    if (!st->masked && (pd->irqs[irq].edge ? st->latched : level)) {
        raise_irq(pd, irq);
    }
}

void kernel_irq_ack(unsigned channel)
{
    struct sim_pd *pd = sim_current;
    size_t irq = 0;

    while (irq < pd->irq_count && pd->irqs[irq].channel != channel) {
        irq++;
    }
    if (kernel_misused(irq == pd->irq_count, "acknowledgement", channel)) {
        return;
    }
    choice_point("acknowledging");
    struct sim_irq_state *st = &sim_machine.irq[pd->index][irq];
    st->masked = false;
    clock_spend(COST_SIGNAL);
    if (pd->irqs[irq].edge ? st->latched : st->level) {
        raise_irq(pd, irq);
    }
}
