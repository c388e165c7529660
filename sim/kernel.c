/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the Microkit and seL4 do for protection domains, one CPU's worth.
 *
 * A signal goes to a waiting thread at once, with its own bit alone; those that come
 * before the thread waits again are gathered in its notification word, and that is what
 * it gets then (seL4 reference manual, 5 "Notifications"). An interrupt is masked from
 * its delivery to its acknowledgement. A fault is a message to the parent, received when
 * it waits and no notification is there; starting or stopping the child ends it.
 */
#include <string.h>

#include "sim/include/microkit.h"
#include "sim/sim.h"

#define ENTRY         0x200000U /* where core/start.S lies on the machine */
#define COST_SIGNAL   400U      /* ns, of a system call */
#define COST_WAKE_UP  600U
#define NO_CAPABILITY ((void *)2) /* seL4_InvalidCapability */

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define FIBER_LEAVE(fake, bottom, size)  __sanitizer_start_switch_fiber(fake, bottom, size)
#define FIBER_ARRIVE(fake, bottom, size) __sanitizer_finish_switch_fiber(fake, bottom, size)
#else
#define FIBER_LEAVE(fake, bottom, size)  ((void)(fake), (void)(bottom), (void)(size))
#define FIBER_ARRIVE(fake, bottom, size) ((void)(fake), (void)(bottom), (void)(size))
#endif

struct sim_machine sim_machine;
struct sim_pd *sim_current;

static void *scheduler;
static const void *scheduler_stack;
static size_t scheduler_stack_size;

/* ---- Threads ---- */

static void sleep_now(void);

/* A thread from its wake-up to its sleep. */
static void enter(void)
{
    struct sim_pd *pd = sim_current;

    FIBER_ARRIVE(NULL, &scheduler_stack, &scheduler_stack_size);
    report_step("%s wakes up: 0x%lx", pd->name, state_of(pd)->badge);
    pd->program->wake(state_of(pd)->badge);
    sleep_now();
}

/* The next time it runs, it enters anew. */
static void fresh_stack(struct sim_pd *pd)
{
    uintptr_t *sp = (uintptr_t *)(void *)(pd->stack + pd->stack_size);

    *--sp = 0; /* enter() does not return; and calls leave the stack at 16 n + 8 */
    *--sp = (uintptr_t)enter;
    for (unsigned saved = 0; saved < 6; saved++) {
        *--sp = 0;
    }
    state_of(pd)->sp = sp;
}

void kernel_start(struct sim_pd *pd)
{
    struct sim_pd_state *st = state_of(pd);

    program_reset(pd);
    fresh_stack(pd);
    pd->is_changed = true;
    st->badge = 0;
    st->status = SIM_READY;
    st->since = sim_machine.now;
}

void kernel_resume(struct sim_pd *pd)
{
    struct sim_pd_state *st = state_of(pd);
    void *fake = NULL;

    sim_current = pd;
    sim_machine.last_turn[pd->index] = ++sim_machine.turn;
    clock_grant(pd);
    FIBER_LEAVE(&fake, pd->stack, pd->stack_size);
    sim_switch(&scheduler, st->sp);
    FIBER_ARRIVE(fake, NULL, NULL);
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
    struct sim_pd_state *st = state_of(pd);

    return st->status == SIM_READY && !st->exhausted;
}

void kernel_reset(void)
{
    memset(&sim_machine, 0, sizeof sim_machine);
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        kernel_start(&sim_system.pds[i]);
    }
}

/* ---- Waiting ---- */

/* The child whose fault was the first of those not received. */
static struct sim_pd *faulted_child(const struct sim_pd *parent)
{
    struct sim_pd *first = NULL;

    for (size_t i = 0; i < sim_system.pd_count; i++) {
        struct sim_pd *child = &sim_system.pds[i];
        struct sim_pd_state *st = state_of(child);
        if (child->parent == parent && st->fault_turn != 0 &&
            (first == NULL || st->fault_turn < state_of(first)->fault_turn)) {
            first = child;
        }
    }
    return first;
}

/* Give a thread that waits what there is for it. */
static void deliver(struct sim_pd *pd)
{
    struct sim_pd_state *st = state_of(pd);
    struct sim_pd *child;

    if (st->status != SIM_WAITING) {
        return;
    }
    if (st->pending != 0) {
        st->badge = st->pending;
        st->pending = 0;
    } else if ((child = faulted_child(pd)) != NULL) {
        struct sim_pd_state *about = state_of(child);
        st->badge = SIM_BADGE_FAULT | child->child;
        st->received_label = about->fault_label;
        memcpy(st->received, about->mr, sizeof st->received);
        about->fault_turn = 0;
    } else {
        return;
    }
    st->status = SIM_READY;
    st->since = sim_machine.now;
}

static void sleep_now(void)
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
    fresh_stack(pd);
    deliver(pd);
    kernel_abandon();
}

uint64_t sim_fault_label(void)
{
    return state_of(sim_current)->received_label;
}

seL4_Word microkit_mr_get(uint8_t index)
{
    return state_of(sim_current)->received[index & 15U];
}

void microkit_mr_set(uint8_t index, seL4_Word value)
{
    state_of(sim_current)->received[index & 15U] = value;
}

/* ---- Notifications, interrupts ---- */

void kernel_signal(struct sim_pd *pd, unsigned channel)
{
    struct sim_pd_state *st = state_of(pd);

    st->pending |= 1ULL << channel;
    deliver(pd);
}

static bool misused(bool wrong, const char *what, unsigned channel)
{
    if (wrong && sim_options.faults_fail) {
        run_fail("%s: %s on channel %u, which it does not have", sim_current->name, what, channel);
    } else if (wrong) {
        report_output(sim_current->name);
        report_output(": no such channel\n");
    }
    return wrong;
}

void sim_notify(unsigned channel)
{
    struct sim_pd *pd = sim_current;
    struct sim_pd *peer = channel < SIM_MAX_CHANNELS ? pd->channel[channel].peer : NULL;

    if (misused(peer == NULL || !pd->channel[channel].notify, "notification", channel)) {
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

void sim_irq_ack(unsigned channel)
{
    struct sim_pd *pd = sim_current;
    size_t irq = 0;

    while (irq < pd->irq_count && pd->irqs[irq].channel != channel) {
        irq++;
    }
    if (misused(irq == pd->irq_count, "acknowledgement", channel)) {
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

/* ---- Faults ---- */

void kernel_fault(struct sim_pd *pd, uint64_t label, const uint64_t *mr, size_t count)
{
    struct sim_pd_state *st = state_of(pd);

    st->status = SIM_FAULTED;
    st->fault_label = label;
    st->late_count = 0;
    memset(st->mr, 0, sizeof st->mr);
    memcpy(st->mr, mr, count * sizeof *mr);
    if (pd->parent != NULL) {
        st->fault_turn = ++sim_machine.turn;
        deliver(pd->parent);
    }
}

static struct sim_pd *child_of(const struct sim_pd *parent, unsigned id)
{
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        if (sim_system.pds[i].parent == parent && sim_system.pds[i].child == id) {
            return &sim_system.pds[i];
        }
    }
    fault_access(NO_CAPABILITY, 1, true); /* how libmicrokit crashes on the kernel's refusal */
}

void microkit_pd_restart(microkit_child child, seL4_Word entry)
{
    struct sim_pd *pd = child_of(sim_current, child);

    if (entry != ENTRY) {
        run_fail("%s: restarts %s at 0x%lx, not at its start, 0x%x", sim_current->name, pd->name,
                 entry, ENTRY);
    }
    report_step("%s restarts %s", sim_current->name, pd->name);
    state_of(pd)->fault_turn = 0;
    state_of(pd)->late_count = 0;
    kernel_start(pd);
    clock_spend(COST_SIGNAL);
}

void microkit_pd_stop(microkit_child child)
{
    struct sim_pd *pd = child_of(sim_current, child);

    report_step("%s stops %s", sim_current->name, pd->name);
    state_of(pd)->fault_turn = 0;
    state_of(pd)->status = SIM_STOPPED;
    clock_spend(COST_SIGNAL);
}

void microkit_dbg_puts(const char *text)
{
    report_output(text);
}
