/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process per protection domain. The simulator decides everything, as ever: in its own
 * process each protection domain is a thread that has no program but a socket, to the
 * process that has one. A wake-up goes there as a message, and all that the program asks
 * for (calls.h) comes back as messages and is done here, on the thread, by the same
 * functions, so that schedules, time and traces are the same.
 *
 *     simulator                        process
 *     WAKE badge, fuel            ->   runs
 *       <- ACCESS at, size, kind         before it reads or writes shared memory
 *     what may happen in between
 *     answer, fuel                ->   goes on
 *       <- SLEEP fuel
 *
 * Where nobody could come in between, by priority, accesses are not asked for; those to a
 * link's indices (watch.c) are told with the next message.
 *
 * A process has its own views mapped and nobody else's, no file but its socket, and may
 * make no system call but to read and write there (seccomp's strict mode): what a program
 * does to its own process, it does to itself. So what comes from there is checked like
 * anything that comes from a hostile neighbour.
 */
#include "sim/process.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diag.h"
#include "sim/calls.h"
#include "sim/sim.h"

#define TEXT       512U
#define MOST_SPENT (INT64_C(1) << 40)
#define MY_SOCKET  0
#define SEEN       16U

enum op {
    OP_ANSWER,
    OP_WAKE,
    OP_AT_REST,
    OP_SLEEP,
    OP_FAULT,
    OP_ACCESS,
    OP_MMIO_READ,
    OP_MMIO_WRITE,
    OP_TIMER_WRITE,
    OP_NOTIFY,
    OP_IRQ_ACK,
    OP_COUNTER,
    OP_OUT_OF_FUEL,
    OP_STORE_LATE,
    OP_LOAD_OWN,
    OP_FENCE,
    OP_CALL,
    OP_REPLY,
    OP_RECEIVED,
    OP_MR_GET,
    OP_MR_SET,
    OP_PUTS,
    OP_RESTART,
    OP_STOP,
};

struct message {
    uint32_t op;
    uint32_t size; /* of what follows the arguments */
    int64_t fuel;
    uint64_t now; /* of the simulator, when it gave the fuel */
    uint64_t argument[3];
    uint32_t seen_count;
    uint32_t seen[SEEN]; /* accesses: the address, which is even, plus one if it was written */
    union {
        char text[TEXT];
        struct sim_fault fault;
    };
};

#define HEADER offsetof(struct message, text)

/* ---- The process ---- */

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

static _Noreturn void be_process(struct sim_pd *pd, int socket)
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

/* ---- The simulator ---- */

static struct {
    pid_t pid;
    int socket;
} processes[SIM_MAX_PDS];

static void note_end(const struct sim_pd *pd)
{
    int status = 0;
    pid_t pid = processes[pd->index].pid;

    processes[pd->index].pid = 0;
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    run_note_failure("%s: its process has ended, %s %d", pd->name,
                     WIFEXITED(status) ? "status" : "by signal",
                     WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static void watch_seen(const struct sim_pd *pd, const struct message *m)
{
    for (uint32_t i = 0; i < m->seen_count && i < SEEN; i++) {
        uintptr_t at = m->seen[i] & ~1U;
        struct sim_pd *owner;
        const struct sim_view *view = memory_view(at, &owner);
        if (view != NULL && owner == pd && !view->region->is_device) {
            watch_access(view, at, (m->seen[i] & 1U) != 0);
        }
    }
}

/*
 * Send, and have the next message. A program cannot have more fuel than it was given. False:
 * it has come to its end, which is a failure.
 */
static bool exchange(const struct sim_pd *pd, struct message *m)
{
    int socket = processes[pd->index].socket;
    int64_t given = sim_fuel;

    m->now = clock_exact();
    m->size = 0;
    m->fuel = given;
    if (processes[pd->index].pid == 0 || send(socket, m, HEADER, MSG_NOSIGNAL) < 0) {
        note_end(pd);
        return false;
    }
    ssize_t got;
    do {
        got = recv(socket, m, sizeof *m, 0);
    } while (got < 0 && errno == EINTR);
    if (got < (ssize_t)HEADER || m->size != (size_t)got - HEADER) {
        note_end(pd);
        return false;
    }
    watch_seen(pd, m);
    sim_fuel = m->fuel > given || m->fuel < -MOST_SPENT ? given : m->fuel;
    return true;
}

static bool is_access(uint64_t size)
{
    return size == 1 || size == 2 || size == 4 || size == 8;
}

static void serve_text(struct message *m)
{
    char text[TEXT + 1];

    memcpy(text, m->text, m->size);
    text[m->size < TEXT ? m->size : TEXT] = '\0';
    report_output(text);
}

static void serve_late(const struct sim_pd *pd, struct message *m)
{
    void *at = (void *)m->argument[0];
    uint64_t size = m->argument[2];
    bool allowed = is_access(size) && memory_allows(pd, m->argument[0], size, true);

    if (m->op == OP_LOAD_OWN) {
        m->argument[0] = access_load_own(at, &m->argument[1], (unsigned)size);
    } else {
        m->argument[0] = allowed && access_store_late(at, m->argument[1], (unsigned)size);
    }
}

static void serve_fault(struct message *m)
{
    if (m->size != sizeof m->fault) {
        run_fail("%s: tells of a fault that is none", sim_current->name);
    }
    fault_told(&m->fault);
}

static void serve_registers(struct message *m)
{
    uint64_t *a = m->argument;
    uint64_t size = m->op == OP_MMIO_READ ? a[1] : a[2];

    if (!is_access(size)) {
        run_fail("%s: %lu bytes of a register", sim_current->name, size);
    }
    if (m->op == OP_MMIO_READ) {
        a[0] = access_mmio_read((void *)a[0], (unsigned)size);
    } else {
        access_mmio_write((void *)a[0], a[1], (unsigned)size);
    }
}

static void serve_message(struct message *m)
{
    uint64_t *a = m->argument;

    switch (m->op) {
    case OP_CALL:
        a[0] = message_call((unsigned)a[0], a[1]);
        break;
    case OP_REPLY:
        message_reply(a[0]);
        break;
    case OP_RECEIVED:
        a[0] = message_received();
        break;
    case OP_MR_GET:
        a[0] = message_get((uint8_t)a[0]);
        break;
    case OP_MR_SET:
        message_set((uint8_t)a[0], a[1]);
        break;
    case OP_RESTART:
        message_restart((unsigned)a[0], a[1]);
        break;
    case OP_STOP:
        message_stop((unsigned)a[0]);
        break;
    default:
        run_fail("%s: asks for what there is not: %u", sim_current->name, m->op);
    }
}

static void serve(struct sim_pd *pd, struct message *m)
{
    uint64_t *a = m->argument;

    switch (m->op) {
    case OP_FAULT:
        serve_fault(m);
        break;
    case OP_ACCESS:
        access_look((void *)a[0], a[1], (unsigned)a[2]);
        break;
    case OP_MMIO_READ:
    case OP_MMIO_WRITE:
        serve_registers(m);
        break;
    case OP_TIMER_WRITE:
        access_timer_write((unsigned)a[0], a[1]);
        break;
    case OP_NOTIFY:
        kernel_notify((unsigned)a[0]);
        break;
    case OP_IRQ_ACK:
        kernel_irq_ack((unsigned)a[0]);
        break;
    case OP_COUNTER:
        a[0] = clock_counter();
        break;
    case OP_OUT_OF_FUEL:
        clock_out_of_fuel();
        break;
    case OP_STORE_LATE:
    case OP_LOAD_OWN:
        serve_late(pd, m);
        break;
    case OP_FENCE:
        access_fence();
        break;
    case OP_PUTS:
        serve_text(m);
        break;
    default:
        serve_message(m);
    }
    m->op = OP_ANSWER;
}

void process_wake(uint64_t badge)
{
    struct sim_pd *pd = sim_current;
    struct message m = {.op = OP_WAKE, .argument = {badge}};

    if (inside != NULL) {
        sim_fuel = fuel_given;
        pd->program->wake(badge);
        return;
    }
    while (exchange(pd, &m)) {
        if (m.op == OP_SLEEP) {
            return;
        }
        serve(pd, &m);
    }
    kernel_abandon();
}

/* It is asked what it alone knows; what it asks for meanwhile it does not get. */
bool process_at_rest(struct sim_pd *pd)
{
    struct message m = {.op = OP_AT_REST};

    while (exchange(pd, &m)) {
        if (m.op == OP_AT_REST) {
            return m.argument[0] != 0;
        }
        m.op = OP_ANSWER;
    }
    return true;
}

void process_start(struct sim_pd *pd)
{
    int pair[2];

    if (processes[pd->index].pid != 0) {
        (void)kill(processes[pd->index].pid, SIGKILL);
        (void)waitpid(processes[pd->index].pid, NULL, 0);
        (void)close(processes[pd->index].socket);
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        diag_fatal("%s: no socket for its process: %s", pd->name, strerror(errno));
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        diag_fatal("%s: no process: %s", pd->name, strerror(errno));
    }
    if (pid == 0) {
        (void)close(pair[0]);
        be_process(pd, pair[1]);
    }
    (void)close(pair[1]);
    processes[pd->index].pid = pid;
    processes[pd->index].socket = pair[0];
}
