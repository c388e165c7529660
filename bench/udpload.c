/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udpload PORT PAYLOAD COUNT WINDOW [PORT WINDOW]...: load for UDP echoes on localhost.
 *
 * Closed loop: keeps exactly WINDOW different datagrams outstanding at each port until
 * COUNT different ones have come back in all, and checks every byte. After 100 ms of a
 * port's silence all that are outstanding at it are sent again (a stall); an echo that
 * comes twice is counted apart, so a stall never widens the window.
 *
 * Open loop: with @RATE for the first WINDOW, sends COUNT datagrams, RATE a second,
 * whatever comes back, and waits a second for the last ones. (Only what the host's
 * sockets let through is offered; the guest's counters say what reached it.)
 *
 * PORT may be EMULATOR/OURS/HOST: then frames go to UDP port EMULATOR from OURS, where an emulator
 * has a network of its own (QEMU's -netdev socket,udp=), to the echo port of 10.0.2.HOST. What the
 * guest's device has no buffer for is then soon lost, as on a real wire.
 *
 * Prints: echoed stalls resent duplicates damaged seconds, in all and then for each port
 * what it echoed; in an open loop, also the median and the longest time in microseconds
 * from sending to the echo, and the median and the most echoes of others that came meanwhile:
 * how many were before it in all queues on the way, however fast those were.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define FLOWS_MAX   32U
#define WINDOW_MAX  1024U
#define PAYLOAD_MIN 8U
#define PAYLOAD_MAX 2048U
#define SILENCE_MS  100
#define STALLS_MAX  100U /* of each port with no echo at all between them: nobody is there */
#define OPEN_MAX    4000000U

static struct load {
    size_t payload;
    uint64_t count;
    uint64_t rate;  /* 0: closed loop */
    uint64_t first; /* sequence number of the first datagram: none of an earlier run passes */
    uint64_t sent, echoed, stalls, resent, duplicates, damaged;
    uint64_t in_a_row; /* stalls since the last echo */
    float *took;   /* open loop: when each was sent (negative), then how long it took, seconds */
    float *before; /* open loop: echoes there were when each was sent, then those since */
    unsigned flows;
} load;

#define HEADERS 42U /* Ethernet, IPv4, UDP */

static struct flow {
    int socket;
    size_t headers;                /* HEADERS, or 0: the emulator makes them */
    unsigned char header[HEADERS]; /* of what we send */
    uint64_t window, echoed;
    double heard; /* when it echoed last, or was sent everything again */
    struct {
        uint64_t sequence;
        bool waiting;
    } slot[WINDOW_MAX];
} flows[FLOWS_MAX];
static struct pollfd readable[FLOWS_MAX];

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fill(unsigned char *datagram, uint64_t sequence)
{
    memcpy(datagram, &sequence, sizeof sequence);
    for (size_t i = sizeof sequence; i < load.payload; i++) {
        datagram[i] = (unsigned char)(sequence * 31 + i * 7);
    }
}

static void send_sequence(struct flow *flow, uint64_t sequence)
{
    unsigned char datagram[HEADERS + PAYLOAD_MAX];

    memcpy(datagram, flow->header, flow->headers);
    fill(datagram + flow->headers, sequence);
    /* A full buffer is a lost datagram; the stall repairs it. */
    (void)!send(flow->socket, datagram, flow->headers + load.payload, 0);
}

/* IPv4 and UDP, and to our port. */
static bool is_answer(const unsigned char *frame, ssize_t size)
{
    return size >= (ssize_t)HEADERS && frame[12] == 8 && frame[13] == 0 && frame[23] == 17 &&
           memcmp(frame + 36, flows[0].header + 34, 2) == 0;
}

/* What was echoed, or false: nothing, or not what was sent. */
static bool receive(struct flow *flow, uint64_t *sequence)
{
    unsigned char frame[HEADERS + PAYLOAD_MAX + 1], expected[PAYLOAD_MAX];
    const unsigned char *datagram = frame + flow->headers;
    ssize_t got = recv(flow->socket, frame, sizeof frame, MSG_DONTWAIT);

    if (got < 0 || (flow->headers > 0 && !is_answer(frame, got))) {
        return false; /* spurious readiness, or the port is not open yet: the stall counts it */
    }
    got -= (ssize_t)flow->headers;
    memcpy(sequence, datagram, sizeof *sequence);
    fill(expected, *sequence);
    if ((size_t)got != load.payload || memcmp(datagram, expected, load.payload) != 0) {
        load.damaged++;
        return false;
    }
    return true;
}

/* ---- Closed loop ---- */

static void send_next(struct flow *flow, uint64_t slot)
{
    flow->slot[slot].sequence = load.first + load.sent++;
    flow->slot[slot].waiting = true;
    send_sequence(flow, flow->slot[slot].sequence);
}

static void send_all_again(struct flow *flow)
{
    load.stalls++;
    load.in_a_row++;
    flow->heard = now();
    for (uint64_t i = 0; i < flow->window; i++) {
        if (flow->slot[i].waiting) {
            send_sequence(flow, flow->slot[i].sequence);
            load.resent++;
        }
    }
}

static void take(struct flow *flow)
{
    uint64_t sequence, slot = 0;

    if (!receive(flow, &sequence)) {
        return;
    }
    while (slot < flow->window &&
           !(flow->slot[slot].waiting && flow->slot[slot].sequence == sequence)) {
        slot++;
    }
    if (slot == flow->window) {
        load.duplicates++;
        return;
    }
    flow->slot[slot].waiting = false;
    flow->heard = now();
    flow->echoed++;
    load.echoed++;
    load.in_a_row = 0;
    /* One port is sent as many as are to come back; several go on alike to the end. */
    if (load.flows > 1 || load.sent < load.count) {
        send_next(flow, slot);
    }
}

static void start_closed(void)
{
    for (unsigned f = 0; f < load.flows; f++) {
        flows[f].heard = now();
        for (uint64_t i = 0; i < flows[f].window; i++) {
            send_next(&flows[f], i);
        }
    }
}

static void run_closed(void)
{
    start_closed();
    while (load.echoed < load.count && load.in_a_row < STALLS_MAX * load.flows) {
        (void)poll(readable, load.flows, SILENCE_MS);
        for (unsigned f = 0; f < load.flows; f++) {
            if ((readable[f].revents & (POLLIN | POLLERR)) != 0) {
                take(&flows[f]);
            } else if ((now() - flows[f].heard) * 1000 > SILENCE_MS) {
                send_all_again(&flows[f]);
            }
        }
    }
}

/* ---- Open loop ---- */

static void take_open(double start)
{
    uint64_t sequence;

    if (!receive(&flows[0], &sequence)) {
        return;
    }
    uint64_t index = sequence - load.first;

    if (index >= load.sent || load.took[index] > 0) {
        load.duplicates++;
        return;
    }
    load.took[index] = (float)(now() - start) + load.took[index] + 1e-9F;
    load.before[index] = (float)load.echoed - load.before[index];
    load.echoed++;
}

static void run_open(double start)
{
    double end = start + (double)load.count / (double)load.rate + 1;

    while (now() < end) {
        uint64_t due = (uint64_t)((now() - start) * (double)load.rate);

        for (unsigned n = 0; n < 64 && load.sent < due && load.sent < load.count; n++) {
            load.took[load.sent] = (float)(start - now());
            load.before[load.sent] = (float)load.echoed;
            send_sequence(&flows[0], load.first + load.sent++);
        }
        if (poll(readable, 1, load.sent < load.count ? 0 : 1) > 0) {
            for (unsigned n = 0; n < 64; n++) {
                take_open(start);
            }
        }
    }
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return x < y ? -1 : x > y;
}

/* The median and the most of what is known of those that came back. */
static void print_spread(float *each, double unit)
{
    uint64_t n = load.echoed;

    qsort(each, n, sizeof *each, by_size);
    printf("%.0f %.0f\n", n == 0 ? 0.0 : each[n / 2] * unit, n == 0 ? 0.0 : each[n - 1] * unit);
}

static void print_open(void)
{
    uint64_t kept = 0;

    for (uint64_t i = 0; i < load.sent; i++) {
        if (load.took[i] > 0) { /* it came back */
            load.took[kept] = load.took[i];
            load.before[kept++] = load.before[i];
        }
    }
    print_spread(load.took, 1e6);
    print_spread(load.before, 1);
}

/* ---- A wire ---- */

#define ECHO_PORT  7
#define WIRE_TRIES 100U

static const unsigned char our_mac[6] = {0x52, 0x55, 10, 0, 2, 2}, our_ip[4] = {10, 0, 2, 2};

static void put16(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

/* Who has the address (RFC 826); by the question, it learns ours. */
static bool ask_for_mac(const struct flow *flow, const unsigned char *ip, unsigned char *mac)
{
    unsigned char frame[2048] = {0}, answer[2048];

    memset(frame, 0xff, 6);
    memcpy(frame + 6, our_mac, 6);
    memcpy(frame + 12, (const unsigned char[]){8, 6, 0, 1, 8, 0, 6, 4, 0, 1}, 10);
    memcpy(frame + 22, our_mac, 6);
    memcpy(frame + 28, our_ip, 4);
    memcpy(frame + 38, ip, 4);
    (void)!send(flow->socket, frame, 60, 0);
    struct pollfd one = {.fd = flow->socket, .events = POLLIN};

    while (poll(&one, 1, SILENCE_MS) > 0) {
        ssize_t got = recv(flow->socket, answer, sizeof answer, MSG_DONTWAIT);

        if (got >= 42 && answer[12] == 8 && answer[13] == 6 && answer[21] == 2 &&
            memcmp(answer + 28, ip, 4) == 0) {
            memcpy(mac, answer + 22, 6);
            return true;
        }
    }
    return false;
}

/* RFC 791, RFC 768: all headers are alike, and a UDP checksum of 0 is none. */
static void make_header(struct flow *flow, const unsigned char *ip, const unsigned char *mac)
{
    unsigned char *at = flow->header;
    unsigned sum = 0;

    memcpy(at, mac, 6);
    memcpy(at + 6, our_mac, 6);
    memcpy(at + 12, (const unsigned char[]){8, 0, 0x45, 0}, 4);
    put16(at + 16, (unsigned)(HEADERS - 14 + load.payload));
    at[22] = 64;
    at[23] = 17;
    memcpy(at + 26, our_ip, 4);
    memcpy(at + 30, ip, 4);
    for (unsigned i = 14; i < 34; i += 2) {
        sum += (unsigned)at[i] << 8 | at[i + 1];
    }
    sum = (sum & 0xffffU) + (sum >> 16);
    put16(at + 24, ~(sum + (sum >> 16)) & 0xffffU);
    put16(at + 34, 40000);
    put16(at + 36, ECHO_PORT);
    put16(at + 38, (unsigned)(8 + load.payload));
    flow->headers = HEADERS;
}

/* EMULATOR/OURS/HOST: a frame is a datagram. */
static bool open_wire(struct flow *flow, const char *address)
{
    unsigned emulator, ours, host, tries = 0;

    if (sscanf(address, "%u/%u/%u", &emulator, &ours, &host) != 3) {
        return false;
    }
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                              .sin_port = htons((uint16_t)ours)};
    struct sockaddr_in to = own;
    const unsigned char ip[4] = {10, 0, 2, (unsigned char)host};
    unsigned char mac[6];

    to.sin_port = htons((uint16_t)emulator);
    if (bind(flow->socket, (struct sockaddr *)&own, sizeof own) != 0 ||
        connect(flow->socket, (struct sockaddr *)&to, sizeof to) != 0) {
        return false;
    }
    while (!ask_for_mac(flow, ip, mac)) {
        tries += 1;
        if (tries == WIRE_TRIES) {
            fprintf(stderr, "udpload: 10.0.2.%u is not there\n", host);
            exit(1);
        }
    }
    make_header(flow, ip, mac);
    return true;
}

/* ---- Start ---- */

static bool add_flow(const char *port, const char *window)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct flow *flow = &flows[load.flows];

    if (load.flows == FLOWS_MAX) {
        return false;
    }
    if (load.flows == 0 && window[0] == '@') {
        load.rate = strtoull(window + 1, NULL, 0);
        load.took = calloc(load.count, sizeof *load.took);
        load.before = calloc(load.count, sizeof *load.before);
    } else {
        flow->window = strtoull(window, NULL, 0);
    }
    to.sin_port = htons((uint16_t)atoi(port));
    flow->socket = socket(AF_INET, SOCK_DGRAM, 0);
    readable[load.flows] = (struct pollfd){.fd = flow->socket, .events = POLLIN};
    load.flows += 1;
    bool open = strchr(port, '/') != NULL
                    ? open_wire(flow, port)
                    : connect(flow->socket, (struct sockaddr *)&to, sizeof to) == 0;

    return open && (load.rate > 0 || (flow->window >= 1 && flow->window <= WINDOW_MAX));
}

static bool parse(int argc, char **argv)
{
    if (argc < 5 || argc % 2 != 1) {
        return false;
    }
    load.payload = strtoul(argv[2], NULL, 0);
    load.count = strtoull(argv[3], NULL, 0);
    if (load.payload < PAYLOAD_MIN || load.payload > PAYLOAD_MAX ||
        (argv[4][0] == '@' && load.count > OPEN_MAX) || !add_flow(argv[1], argv[4])) {
        return false;
    }
    for (int i = 5; i + 1 < argc; i += 2) {
        if (!add_flow(argv[i], argv[i + 1])) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    if (!parse(argc, argv)) {
        fprintf(stderr,
                "usage: udpload PORT PAYLOAD(%u-%u) COUNT WINDOW(1-%u) [PORT WINDOW]... | "
                "PORT PAYLOAD COUNT @RATE\n",
                PAYLOAD_MIN, PAYLOAD_MAX, WINDOW_MAX);
        return 2;
    }
    double start = now();

    load.first = (uint64_t)(start * 1e6) << 20;
    if (load.rate > 0) {
        run_open(start);
    } else {
        run_closed();
    }
    printf("%lu %lu %lu %lu %lu %.6f\n", load.echoed, load.stalls, load.resent, load.duplicates,
           load.damaged, now() - start);
    for (unsigned f = 0; f < load.flows && load.rate == 0; f++) {
        printf("%lu\n", flows[f].echoed);
    }
    if (load.rate > 0) {
        print_open();
    }
    return load.rate > 0 || load.echoed >= load.count ? 0 : 1;
}
