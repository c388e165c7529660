/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Simulated virtio network device.
 *
 * Source: VIRTIO 1.2, 5.1; section numbers are its own. Frames go from the driver's
 * memory to the wire and back without a copy; the wire is in wire.c.
 */
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "virtio.h"
#include "wire.h"

#define RX        0U
#define TX        1U
#define HEADER    12U /* 5.1.6 */
#define FRAME_MIN 14U /* bytes: the addresses and the type */
#define FRAME_MAX 1514U
#define RX_LEAST  1526U /* 5.1.6.3.1: of a buffer, header included */
#define LINK_UP   1U

/* 5.1.3 */
#define F_MTU    3U
#define F_MAC    5U
#define F_STATUS 16U
static const struct virtio_feature names[] = {
    {"mtu", F_MTU}, {"mac", F_MAC}, {"status", F_STATUS}, {NULL, 0}};

/* 5.1.4 */
struct config {
    uint8_t mac[6];
    uint16_t status;
    uint16_t max_pairs;
    uint16_t mtu;
};

struct net {
    struct virtio virtio;
    uint32_t replayed; /* frames of the file */
    bool watching;     /* the wire's socket */
};

static struct net *net_of(const struct sim_device *device)
{
    return device->state;
}

static struct config *config_of(const struct sim_device *device)
{
    return (struct config *)(void *)net_of(device)->virtio.config;
}

/* ---- Sending ---- */

/* 5.1.6.2: nothing was negotiated that the header could ask for. */
static void check_frame(struct sim_device *device, const struct virtio_chain *chain)
{
    static const unsigned char nothing[HEADER];
    unsigned char header[HEADER];

    if (chain->writable != 0 || chain->readable < HEADER + FRAME_MIN ||
        chain->readable > HEADER + FRAME_MAX) {
        sim_violation(device, "a frame to send of %u bytes, %u of them to write", chain->readable,
                      chain->writable);
    } else if (virtio_gather(chain, 0, header, sizeof header) != sizeof header ||
               memcmp(header, nothing, sizeof header) != 0) {
        sim_violation(device, "a header that asks for something (5.1.6.2)");
    }
}

/* The chain's bytes without the header. */
static unsigned without_header(const struct virtio_chain *chain, struct iovec pieces[WIRE_PIECES])
{
    size_t skip = HEADER;
    unsigned n = 0;

    for (unsigned i = 0; i < chain->parts && n < WIRE_PIECES; i++) {
        const struct virtio_part *part = &chain->part[i];

        if (skip >= part->size) {
            skip -= part->size;
            continue;
        }
        pieces[n++] = (struct iovec){part->at + skip, part->size - skip};
        skip = 0;
    }
    return n;
}

static bool send_some(struct sim_device *device)
{
    static struct virtio_chain chains[WIRE_BATCH]; /* only used within this call */
    struct iovec pieces[WIRE_BATCH][WIRE_PIECES];
    unsigned parts[WIRE_BATCH];
    unsigned n = 0;

    while (n < WIRE_BATCH && virtio_take(device, TX, &chains[n])) {
        check_frame(device, &chains[n]);
        parts[n] = without_header(&chains[n], pieces[n]);
        n++;
    }
    wire_send(device->host, pieces, parts, n);
    for (unsigned i = 0; i < n; i++) {
        virtio_use(device, TX, &chains[i], 0);
    }
    return n == WIRE_BATCH;
}

static void send_all(struct sim_device *device)
{
    do {
        (void)virtio_await(device, TX, false);
        while (send_some(device)) {}
    } while (!virtio_await(device, TX, true));
    virtio_tell(device, TX);
}

/* ---- Receiving ---- */

static void watch(struct sim_device *device, bool wanted)
{
    struct net *net = net_of(device);
    struct wire *wire = device->host;

    if (wire->fd >= 0 && net->watching != wanted) {
        net->watching = wanted;
        if (!sim_watch(device, wanted ? wire->fd : -1)) {
            sim_refuse(device, "a socket needs the schedule by priority");
        }
    }
}

/* 5.1.4.1: who accepts an MTU has buffers for it. */
static unsigned least_buffer(const struct sim_device *device)
{
    unsigned wanted = virtio_has(device, F_MTU) ? HEADER + FRAME_MIN + config_of(device)->mtu : 0;

    return wanted > RX_LEAST ? wanted : RX_LEAST;
}

/* A buffer in one piece; others go back empty, as if a frame had been lost. */
static unsigned char *whole(struct sim_device *device, const struct virtio_chain *chain)
{
    if (chain->readable != 0 || chain->writable < least_buffer(device)) {
        sim_violation(device, "a buffer of %u bytes, %u of them to read (5.1.4.1, 5.1.6.3.1)",
                      chain->writable, chain->readable);
    }
    return chain->parts == 1 && chain->writable >= HEADER + FRAME_MAX ? chain->part[0].at : NULL;
}

static unsigned take_buffers(struct sim_device *device, struct virtio_chain *chains,
                             unsigned char **frames)
{
    unsigned n = 0;

    while (n < WIRE_BATCH && virtio_take(device, RX, &chains[n])) {
        unsigned char *at = whole(device, &chains[n]);

        if (at != NULL) {
            frames[n++] = at + HEADER;
        } else if (n == 0) {
            virtio_use(device, RX, &chains[n], 0);
        } else {
            virtio_untake(device, RX, 1); /* those before it first */
            break;
        }
    }
    return n;
}

/* 5.1.6.4: num_buffers is 1, all else 0. */
static void receive_into(struct sim_device *device, const struct virtio_chain *chain,
                         uint32_t length)
{
    static const unsigned char header[HEADER] = {[10] = 1};
    uint32_t size = HEADER + length;

    memcpy(chain->part[0].at, header, HEADER);
    if (virtio_fault(device, VIRTIO_FAULT_DATA, "bad frame")) {
        size = HEADER + (uint32_t)(virtio_random(device) % FRAME_MIN);
    }
    virtio_use(device, RX, chain, size);
}

/* What the socket has; false if that is all. */
static bool receive_some(struct sim_device *device)
{
    static struct virtio_chain chains[WIRE_BATCH];
    unsigned char *frames[WIRE_BATCH];
    uint32_t lengths[WIRE_BATCH];
    unsigned n = take_buffers(device, chains, frames);
    unsigned came = wire_receive(device->host, frames, FRAME_MAX, lengths, n);

    virtio_untake(device, RX, n - came);
    for (unsigned i = 0; i < came; i++) {
        receive_into(device, &chains[i], lengths[i]);
    }
    watch(device, n > 0);
    return n > 0 && came == n;
}

static void plan_replay(struct sim_device *device)
{
    const struct wire *wire = device->host;
    uint32_t next = net_of(device)->replayed;
    uint64_t now = sim_now();

    if (next < wire->count) {
        uint64_t when = wire->first + wire->frames[next].when;

        virtio_work_in(device, when > now ? when - now : 0);
    }
}

/* Frames of the file that are due; those without a buffer are lost. */
static void replay(struct sim_device *device)
{
    const struct wire *wire = device->host;
    struct net *net = net_of(device);
    struct virtio_chain chain;

    for (; net->replayed < wire->count; net->replayed++) {
        const struct wire_frame *frame = &wire->frames[net->replayed];

        if (wire->first + frame->when > sim_now()) {
            return;
        }
        if (frame->length > FRAME_MAX || !virtio_take(device, RX, &chain)) {
            continue;
        }
        unsigned char *at = whole(device, &chain);

        if (at != NULL) {
            memcpy(at + HEADER, frame->bytes, frame->length);
        }
        receive_into(device, &chain, at != NULL ? frame->length : 0);
    }
}

/* Whether buffers are what is missing, and not frames. */
static bool is_short(const struct sim_device *device)
{
    const struct wire *wire = device->host;

    return wire->echoes != NULL ? wire->echoes->count > 0 : !net_of(device)->watching;
}

static void receive_all(struct sim_device *device)
{
    const struct wire *wire = device->host;

    if (wire->count > 0) {
        replay(device);
        plan_replay(device);
    }
    if (wire_listens(wire)) {
        do {
            (void)virtio_await(device, RX, false);
            while (receive_some(device)) {}
        } while (is_short(device) && !virtio_await(device, RX, true));
    }
    virtio_tell(device, RX);
}

static void work(struct sim_device *device)
{
    send_all(device);
    receive_all(device);
}

static void input(struct sim_device *device)
{
    if (virtio_running(device)) {
        receive_all(device);
    } else {
        watch(device, false);
    }
}

static void reset(struct sim_device *device)
{
    if (device->host != NULL) {
        watch(device, false);
    }
}

static void change(struct sim_device *device)
{
    config_of(device)->status ^= LINK_UP;
}

static const struct virtio_kind kind = {
    .id = 1,
    .queues = 2,
    .config_size = sizeof(struct config),
    .features = names,
    .reset = reset,
    .work = work,
    .change = change,
};

/* ---- Starting ---- */

static void stop(struct sim_device *device)
{
    if (device->host != NULL) {
        wire_close(device->host);
        free(device->host);
        device->host = NULL;
    }
}

static void read_mac(struct sim_device *device, const char *options, uint8_t mac[6])
{
    char text[32] = "52:54:00:12:34:56";

    (void)sim_option(options, "mac", text, sizeof text);
    if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
               &mac[5]) != 6) {
        sim_refuse(device, "mac=%s: six bytes are expected", text);
    }
}

static void start(struct sim_device *device, const char *options)
{
    struct config *config = config_of(device);
    uint64_t features = 1U << F_MAC | 1U << F_STATUS;
    struct wire *wire;

    stop(device); /* of the last run */
    read_mac(device, options, config->mac);
    config->status = LINK_UP;
    config->mtu = (uint16_t)option_number(device, options, "mtu", 0);
    features |= config->mtu != 0 ? 1U << F_MTU : 0;
    virtio_start(device, &kind, features, options);
    wire = calloc(1, sizeof *wire);
    wire_open(device, wire, options);
    device->host = wire;
}

static const struct sim_model model = {
    .compatible = "virtio,mmio",
    .class_name = "net",
    .state_size = sizeof(struct net),
    .help = WIRE_HELP ", mac=A:B:C:D:E:F, mtu=N, " VIRTIO_HELP,
    .start = start,
    .read = virtio_read,
    .write = virtio_write,
    .event = virtio_event,
    .input = input,
    .stop = stop,
};
SIM_MODEL(model);
