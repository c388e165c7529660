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
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diag.h"
#include "sim/calls.h"
#include "sim/process_message.h"

#define MOST_SPENT (INT64_C(1) << 40)
#define PATIENCE_S 120 /* with one that has overwritten what watches over it */

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

    if (process_is_inside()) {
        process_run_program(badge);
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
        process_be(pd, pair[1]);
    }
    (void)close(pair[1]);
    struct timeval patience = {.tv_sec = PATIENCE_S};
    (void)setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    processes[pd->index].pid = pid;
    processes[pd->index].socket = pair[0];
}
