/* SPDX-License-Identifier: BSD-2-Clause */
/* The process of a protection domain: a program, and calls.h by messages. See process.c. */
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sim/calls.h"
#include "sim/process.h"
#include "sim/process_message.h"

#define MY_SOCKET 0

static struct sim_pd *inside; /* whose process this is; NULL: the simulator's */
static int64_t fuel_given, fuel_left;
static uint64_t now_given;
static bool asks_all;
static uint32_t seen[SEEN], seen_count;

bool process_is_inside(void)
{
    return inside != NULL;
}

static void tell(struct message *m)
{
    m->fuel = sim_fuel;
    m->seen_count = seen_count;
    memcpy(m->seen, seen, sizeof seen);
    seen_count = 0;
    if (write(MY_SOCKET, m, HEADER + m->size) < 0) {
        _exit(1);
    }
}

static void hear(struct message *m)
{
    if (read(MY_SOCKET, m, sizeof *m) < (ssize_t)HEADER) {
        _exit(0);
    }
}

static uint64_t ask_with(struct message *m)
{
    tell(m);
    hear(m);
    now_given = m->now;
    sim_fuel = fuel_given = m->fuel;
    return m->argument[0];
}

static uint64_t ask(enum op op, uint64_t a, uint64_t b, uint64_t c)
{
    struct message m;

    m.op = op;
    m.size = 0;
    m.argument[0] = a, m.argument[1] = b, m.argument[2] = c;
    return ask_with(&m);
}

void process_tell_fault(const struct sim_fault *fault)
{
    struct message m = {.op = OP_FAULT, .size = sizeof *fault};

    m.fault = *fault;
    tell(&m);
    for (;;) {
        hear(&m); /* there is no more to it but its end */
    }
}

static void ask_access(const volatile void *at, uint64_t size, unsigned kind)
{
    struct sim_pd *owner;
    const struct sim_view *view = memory_view((uintptr_t)at, &owner);

    if (!memory_allows(inside, (uintptr_t)at, size, (kind & SIM_WRITE) != 0)) {
        fault_access(at, size, (kind & SIM_WRITE) != 0);
    }
    if (!memory_is_watched(view->region)) {
        return;
    }
    if (asks_all) {
        ask(OP_ACCESS, (uintptr_t)at, size, kind);
    } else if ((kind & SIM_ATOMIC) != 0) {
        seen[seen_count++] = (uint32_t)(uintptr_t)at | (kind & SIM_WRITE);
        if (seen_count == SEEN) {
            ask(OP_RECEIVED, 0, 0, 0); /* or anything else */
        }
    }
}

static uint64_t ask_mmio_read(const volatile void *at, unsigned size)
{
    return ask(OP_MMIO_READ, (uintptr_t)at, size, 0);
}

static void ask_mmio_write(volatile void *at, uint64_t value, unsigned size)
{
    ask(OP_MMIO_WRITE, (uintptr_t)at, value, size);
}

static void ask_timer_write(unsigned which, uint64_t value)
{
    ask(OP_TIMER_WRITE, which, value, 0);
}

static void ask_notify(unsigned channel)
{
    ask(OP_NOTIFY, channel, 0, 0);
}

static void ask_irq_ack(unsigned channel)
{
    ask(OP_IRQ_ACK, channel, 0, 0);
}

static void end_wake_up(void)
{
    fuel_left = sim_fuel;
    state_of(inside)->sp = NULL;
    kernel_abandon();
}

/* Many programs look at it again and again. */
static uint64_t count(void)
{
    if (asks_all || sim_options.pace || sim_options.frozen || sim_fuel <= 0) {
        return ask(OP_COUNTER, 0, 0, 0);
    }
    return clock_counter_since(now_given, fuel_given);
}

static void ask_out_of_fuel(void)
{
    ask(OP_OUT_OF_FUEL, 0, 0, 0);
}

static bool ask_store_late(volatile void *at, uint64_t value, unsigned size)
{
    return ask(OP_STORE_LATE, (uintptr_t)at, value, size) != 0;
}

static bool ask_load_own(const volatile void *at, uint64_t *value, unsigned size)
{
    struct message m = {.op = OP_LOAD_OWN, .argument = {(uintptr_t)at, 0, size}};
    bool found = ask_with(&m) != 0;

    *value = m.argument[1];
    return found;
}

static void ask_fence(void)
{
    if (sim_weak) {
        ask(OP_FENCE, 0, 0, 0);
    }
}

static uint64_t ask_call(unsigned channel, uint64_t info)
{
    return ask(OP_CALL, channel, info, 0);
}

static void ask_reply(uint64_t info)
{
    ask(OP_REPLY, info, 0, 0);
}

static uint64_t ask_received(void)
{
    return ask(OP_RECEIVED, 0, 0, 0);
}

static uint64_t ask_mr_get(uint8_t index)
{
    return ask(OP_MR_GET, index, 0, 0);
}

static void ask_mr_set(uint8_t index, uint64_t value)
{
    ask(OP_MR_SET, index, value, 0);
}

static void ask_puts(const char *text)
{
    size_t length = strlen(text);

    for (size_t at = 0; at < length; at += TEXT) {
        struct message m = {.op = OP_PUTS};
        m.size = (uint32_t)(length - at < TEXT ? length - at : TEXT);
        memcpy(m.text, text + at, m.size);
        ask_with(&m);
    }
}

static void ask_restart(unsigned child, uint64_t entry)
{
    ask(OP_RESTART, child, entry, 0);
}

static void ask_stop(unsigned child)
{
    ask(OP_STOP, child, 0, 0);
}

static const struct sim_calls calls_remote = {
    .access = ask_access,
    .mmio_read = ask_mmio_read,
    .mmio_write = ask_mmio_write,
    .timer_write = ask_timer_write,
    .notify = ask_notify,
    .irq_ack = ask_irq_ack,
    .sleep = end_wake_up,
    .counter = count,
    .out_of_fuel = ask_out_of_fuel,
    .store_late = ask_store_late,
    .load_own = ask_load_own,
    .fence = ask_fence,
    .call = ask_call,
    .reply = ask_reply,
    .received = ask_received,
    .mr_get = ask_mr_get,
    .mr_set = ask_mr_set,
    .puts = ask_puts,
    .restart = ask_restart,
    .stop = ask_stop,
};

void process_run_program(uint64_t badge)
{
    sim_fuel = fuel_given;
    inside->program->wake(badge);
}

/* The program's own stack is a thread's, as in the simulator. */
static void run_wake_up(struct message *m)
{
    fuel_given = m->fuel;
    now_given = m->now;
    state_of(inside)->badge = m->argument[0];
    kernel_resume(inside);
    sim_fuel = fuel_left;
    m->op = OP_SLEEP;
}

static _Noreturn void serve_simulator(void)
{
    struct message m;

    for (;;) {
        hear(&m);
        if (m.op == OP_WAKE) {
            run_wake_up(&m);
        } else if (m.op == OP_AT_REST) {
            m.argument[0] = inside->at_rest();
        }
        m.size = 0;
        tell(&m);
    }
}

/* Sanitizers need more of the host: there only the views are confined. */
static void confine(int socket)
{
    bool sanitized = !program_is_plain(inside);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(socket, MY_SOCKET) < 0 || (!sanitized && close_range(1, ~0U, 0) != 0) ||
        (sanitized && (close(1) != 0 || close_range(3, ~0U, 0) != 0)) ||
        (!sanitized && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)) {
        _exit(1);
    }
}

void process_be(struct sim_pd *pd, int socket)
{
    inside = pd;
    sim_calls = &calls_remote;
    state_of(pd)->faults_again = false;
    state_of(pd)->sp = NULL;
    asks_all = sim_options.any_order || sim_options.verbose;
    sim_options.verbose = false;
    memory_keep_views_of(pd);
    fault_watch();
    confine(socket);
    serve_simulator();
}
