/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * User-mode networking for a simulated network card: libslirp, in a process of its own
 * at the other end of a socket, with the addresses that QEMU's has (10.0.2.0/24, the host
 * is 10.0.2.2). So the simulator knows only sockets, and both work at once.
 *
 *     forward=tcp:8080:10.0.2.16:80+udp:7007:10.0.2.17:7
 *
 * lets what comes to a port of this machine's loopback interface go to the system.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#define POLLS_MAX  1024U
#define FRAME_MAX  2048U
#define TIMERS_MAX 16U

/* What the process has; the only one of its kind in it. */
static struct user {
    int fd;
    Slirp *slirp;
    struct pollfd polls[POLLS_MAX];
    unsigned count;
    struct iovec frames[WIRE_BATCH]; /* for the system, to be sent in one go */
    unsigned frame_count;
} user;

struct timer {
    SlirpTimerCb call;
    void *argument;
    int64_t when; /* ms; -1: off */
};
static struct timer timers[TIMERS_MAX];

static int64_t now_ns(void *opaque)
{
    struct timespec now;

    (void)opaque;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Waits for room: what the system does not take yet stays with the sender's TCP. */
static void send_frames(void)
{
    struct mmsghdr messages[WIRE_BATCH];
    unsigned sent = 0;

    for (unsigned i = 0; i < user.frame_count; i++) {
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &user.frames[i], .msg_iovlen = 1}};
    }
    while (sent < user.frame_count) {
        int n = sendmmsg(user.fd, messages + sent, user.frame_count - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EPIPE) {
            _exit(0);
        }
        sent += n > 0 ? (unsigned)n : 1U;
    }
    user.frame_count = 0;
}

static ssize_t send_packet(const void *frame, size_t size, void *opaque)
{
    static unsigned char bytes[WIRE_BATCH][FRAME_MAX];

    (void)opaque;
    if (size > FRAME_MAX) {
        return -1;
    }
    memcpy(bytes[user.frame_count], frame, size);
    user.frames[user.frame_count] = (struct iovec){bytes[user.frame_count], size};
    if (++user.frame_count == WIRE_BATCH) {
        send_frames();
    }
    return (ssize_t)size;
}

static void guest_error(const char *text, void *opaque)
{
    (void)opaque;
    fprintf(stderr, "user network: %s\n", text);
}

static void *timer_new(SlirpTimerCb call, void *argument, void *opaque)
{
    (void)opaque;
    for (unsigned i = 0; i < TIMERS_MAX; i++) {
        if (timers[i].call == NULL) {
            timers[i] = (struct timer){call, argument, -1};
            return &timers[i];
        }
    }
    return NULL;
}

static void timer_free(void *timer, void *opaque)
{
    (void)opaque;
    *(struct timer *)timer = (struct timer){0};
}

static void timer_mod(void *timer, int64_t when, void *opaque)
{
    (void)opaque;
    ((struct timer *)timer)->when = when;
}

static void poll_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque;
}

static void notify(void *opaque)
{
    (void)opaque;
}

static const SlirpCb calls = {
    .send_packet = send_packet,
    .guest_error = guest_error,
    .clock_get_ns = now_ns,
    .timer_new = timer_new,
    .timer_free = timer_free,
    .timer_mod = timer_mod,
    .register_poll_fd = poll_fd,
    .unregister_poll_fd = poll_fd,
    .notify = notify,
};

/* ---- Its loop ---- */

static int add_poll(int fd, int events, void *opaque)
{
    short wanted = 0;

    (void)opaque;
    if (user.count == POLLS_MAX) {
        return -1;
    }
    wanted |= (events & SLIRP_POLL_IN) != 0 ? POLLIN : 0;
    wanted |= (events & SLIRP_POLL_OUT) != 0 ? POLLOUT : 0;
    wanted |= (events & SLIRP_POLL_PRI) != 0 ? POLLPRI : 0;
    user.polls[user.count] = (struct pollfd){.fd = fd, .events = wanted};
    return (int)user.count++;
}

static int get_events(int index, void *opaque)
{
    short got = index < 0 ? 0 : user.polls[index].revents;
    int events = 0;

    (void)opaque;
    events |= (got & POLLIN) != 0 ? SLIRP_POLL_IN : 0;
    events |= (got & POLLOUT) != 0 ? SLIRP_POLL_OUT : 0;
    events |= (got & POLLPRI) != 0 ? SLIRP_POLL_PRI : 0;
    events |= (got & POLLERR) != 0 ? SLIRP_POLL_ERR : 0;
    events |= (got & POLLHUP) != 0 ? SLIRP_POLL_HUP : 0;
    return events;
}

/* Frames from the system; ends the process with the simulator. */
static void take_frames(void)
{
    static unsigned char bytes[WIRE_BATCH][FRAME_MAX];
    struct mmsghdr messages[WIRE_BATCH];
    struct iovec parts[WIRE_BATCH];

    for (unsigned i = 0; i < WIRE_BATCH; i++) {
        parts[i] = (struct iovec){bytes[i], FRAME_MAX};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
    }
    int n = recvmmsg(user.fd, messages, WIRE_BATCH, MSG_DONTWAIT, NULL);

    for (int i = 0; i < n; i++) {
        if (messages[i].msg_len == 0) {
            _exit(0);
        }
        slirp_input(user.slirp, bytes[i], (int)messages[i].msg_len);
    }
}

static void fire_timers(uint32_t *timeout)
{
    int64_t now = now_ns(NULL) / 1000000;

    for (unsigned i = 0; i < TIMERS_MAX; i++) {
        struct timer *timer = &timers[i];

        if (timer->call != NULL && timer->when >= 0 && timer->when <= now) {
            timer->when = -1;
            timer->call(timer->argument);
        }
        if (timer->call != NULL && timer->when >= 0 && timer->when - now < *timeout) {
            *timeout = (uint32_t)(timer->when - now);
        }
    }
}

static _Noreturn void loop(void)
{
    for (;;) {
        uint32_t timeout = 1000;

        user.count = 0;
        (void)add_poll(user.fd, SLIRP_POLL_IN, NULL);
        slirp_pollfds_fill(user.slirp, &timeout, add_poll, NULL);
        fire_timers(&timeout);
        send_frames();
        int n = poll(user.polls, user.count, (int)timeout);

        if (n > 0 && (user.polls[0].revents & (POLLIN | POLLHUP)) != 0) {
            take_frames();
        }
        slirp_pollfds_poll(user.slirp, n < 0, get_events, NULL);
    }
}

/* ---- Starting ---- */

static Slirp *create(void)
{
    SlirpConfig config = {
        .version = 1,
        .in_enabled = true,
        .if_mtu = 1500,
        .if_mru = 1500,
    };

    (void)inet_aton("10.0.2.0", &config.vnetwork);
    (void)inet_aton("255.255.255.0", &config.vnetmask);
    (void)inet_aton("10.0.2.2", &config.vhost);
    (void)inet_aton("10.0.2.15", &config.vdhcp_start);
    (void)inet_aton("10.0.2.3", &config.vnameserver);
    return slirp_new(&config, &calls, NULL);
}

/* "tcp:8080:10.0.2.16:80" */
static void forward(struct sim_device *device, const char *rule)
{
    struct in_addr here = {htonl(INADDR_LOOPBACK)}, there;
    char protocol[4], address[32];
    unsigned from, to;

    if (sscanf(rule, "%3[a-z]:%u:%31[0-9.]:%u", protocol, &from, address, &to) != 4 ||
        inet_aton(address, &there) == 0 || from > 65535 || to > 65535) {
        sim_refuse(device, "forward=%s: tcp:PORT:ADDRESS:PORT or udp:PORT:ADDRESS:PORT", rule);
    }
    if (slirp_add_hostfwd(user.slirp, strcmp(protocol, "udp") == 0, here, (int)from, there,
                          (int)to) != 0) {
        sim_refuse(device, "forward=%s: port %u: %s", rule, from, strerror(errno));
    }
}

static void forward_all(struct sim_device *device, const char *options)
{
    char rules[1024];

    if (sim_option(options, "forward", rules, sizeof rules)) {
        for (char *rule = strtok(rules, "+"); rule != NULL; rule = strtok(NULL, "+")) {
            forward(device, rule);
        }
    }
}

/* Ports are taken before the process is made, so that the simulator can say which is not free. */
int user_network(struct sim_device *device, const char *options)
{
    int pair[2];
    pid_t parent = getpid();

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        sim_refuse(device, "net=user: %s", strerror(errno));
    }
    user.fd = pair[1];
    user.slirp = create();
    forward_all(device, options);
    pid_t child = fork();

    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)prctl(PR_SET_NAME, "user-network");
        (void)signal(SIGINT, SIG_IGN);
        (void)close(pair[0]);
        if (getppid() != parent) {
            _exit(0);
        }
        loop();
    }
    slirp_cleanup(user.slirp);
    (void)close(pair[1]);
    if (child < 0) {
        sim_refuse(device, "net=user: %s", strerror(errno));
    }
    return pair[0];
}
