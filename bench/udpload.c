/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udpload PORT PAYLOAD COUNT WINDOW: closed-loop load for a UDP echo on localhost.
 *
 * Keeps exactly WINDOW different datagrams outstanding until COUNT different ones
 * have come back, and checks every byte. After 100 ms of silence all outstanding
 * ones are sent again (a stall); an echo that comes twice is counted apart, so a
 * stall never widens the window.
 *
 * Prints: echoed stalls resent duplicates damaged seconds
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

#define WINDOW_MAX  1024U
#define PAYLOAD_MIN 8U
#define PAYLOAD_MAX 2048U
#define SILENCE_MS  100
#define STALLS_MAX  500U

static struct load {
    int socket;
    size_t payload;
    uint64_t count, window;
    uint64_t first; /* sequence number of the first datagram: none of an earlier run passes */
    uint64_t sent, echoed, stalls, resent, duplicates, damaged;
    struct {
        uint64_t sequence;
        bool waiting;
    } slot[WINDOW_MAX];
} load;

static void fill(unsigned char *datagram, uint64_t sequence)
{
    memcpy(datagram, &sequence, sizeof sequence);
    for (size_t i = sizeof sequence; i < load.payload; i++) {
        datagram[i] = (unsigned char)(sequence * 31 + i * 7);
    }
}

static void send_sequence(uint64_t sequence)
{
    unsigned char datagram[PAYLOAD_MAX];

    fill(datagram, sequence);
    /* A full buffer is a lost datagram; the stall repairs it. */
    (void)!send(load.socket, datagram, load.payload, 0);
}

static void send_next(uint64_t slot)
{
    if (load.sent < load.count) {
        load.slot[slot].sequence = load.first + load.sent++;
        load.slot[slot].waiting = true;
        send_sequence(load.slot[slot].sequence);
    }
}

static void send_all_again(void)
{
    load.stalls++;
    for (uint64_t i = 0; i < load.window; i++) {
        if (load.slot[i].waiting) {
            send_sequence(load.slot[i].sequence);
            load.resent++;
        }
    }
}

static void receive(void)
{
    unsigned char datagram[PAYLOAD_MAX + 1], expected[PAYLOAD_MAX];
    ssize_t got = recv(load.socket, datagram, sizeof datagram, MSG_DONTWAIT);
    uint64_t sequence, slot = 0;

    if (got < 0) {
        return; /* spurious readiness, or the port is not open yet: the stall counts it */
    }
    memcpy(&sequence, datagram, sizeof sequence);
    fill(expected, sequence);
    if ((size_t)got != load.payload || memcmp(datagram, expected, load.payload) != 0) {
        load.damaged++;
        return;
    }
    while (slot < load.window &&
           !(load.slot[slot].waiting && load.slot[slot].sequence == sequence)) {
        slot++;
    }
    if (slot == load.window) {
        load.duplicates++;
        return;
    }
    load.slot[slot].waiting = false;
    load.echoed++;
    send_next(slot);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool parse(int argc, char **argv, struct sockaddr_in *to)
{
    if (argc != 5) {
        return false;
    }
    *to = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    to->sin_port = htons((uint16_t)atoi(argv[1]));
    load.payload = strtoul(argv[2], NULL, 0);
    load.count = strtoull(argv[3], NULL, 0);
    load.window = strtoull(argv[4], NULL, 0);
    return load.payload >= PAYLOAD_MIN && load.payload <= PAYLOAD_MAX && load.window >= 1 &&
           load.window <= WINDOW_MAX;
}

int main(int argc, char **argv)
{
    struct sockaddr_in to;

    if (!parse(argc, argv, &to)) {
        fprintf(stderr, "usage: udpload PORT PAYLOAD(%u-%u) COUNT WINDOW(1-%u)\n", PAYLOAD_MIN,
                PAYLOAD_MAX, WINDOW_MAX);
        return 2;
    }
    load.socket = socket(AF_INET, SOCK_DGRAM, 0);
    if (load.socket < 0 || connect(load.socket, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("udpload");
        return 1;
    }
    double start = now();

    load.first = (uint64_t)(start * 1e6) << 20;
    for (uint64_t i = 0; i < load.window; i++) {
        send_next(i);
    }
    while (load.echoed < load.count && load.stalls < STALLS_MAX) {
        struct pollfd readable = {.fd = load.socket, .events = POLLIN};

        if (poll(&readable, 1, SILENCE_MS) == 0) {
            send_all_again();
        } else {
            receive();
        }
    }
    printf("%lu %lu %lu %lu %lu %.6f\n", load.echoed, load.stalls, load.resent, load.duplicates,
           load.damaged, now() - start);
    return load.echoed == load.count ? 0 : 1;
}
