/* SPDX-License-Identifier: BSD-2-Clause */
/* The neighbours of one program: what peers.c and entries.c know of them. */
#ifndef TESTS_FETCH_WORLD_H
#define TESTS_FETCH_WORLD_H

#include <quoll/block.h>
#include <quoll/dma.h>
#include <quoll/error.h>
#include <quoll/net.h>
#include <quoll/serial.h>
#include <quoll/timer.h>
#include <quoll/virtio.h>

#include "fetch.h"
#include "tests/unit/gpt_image.h"

#define CAPACITY  64U
#define DATA_SIZE 0x80000U
#define LIVES     0x10000000U
#define COUNTERS  0x10001000U
#define HALVES    0x11000000U /* of link n: mine at n * 0x20000, the peer's 0x10000 behind */
#define DATA      0x20000000U /* of link n: at n * 0x1000000 */
#define OWN       0x30000000U
#define DMA       0x31000000U
#define REGISTERS 0x32000000U
#define IO        0x40000000U /* and the same distances */
#define IRQ       40U

enum role {
    NONE,
    RX_DONE,
    RX_BUFFER,
    TX_DONE,
    TX_FRAME,
    POOL_RETURN,
    POOL_FRAME,
    CLIENT_BUFFER,
    CLIENT_FRAME,
    RESPONSE,
    REQUEST,
    DEVICE_REQUEST,
    BYTE,
    EXPIRY,
    TIMEOUT,
    DEVICE_TIMEOUT,
    CLIENT_EXPIRY, /* towards clients: their libraries */
    CLIENT_RECEIVED,
    CLIENT_SENT,
    CLIENT_ANSWER,
};

struct program {
    const char *name;
    struct {
        enum quoll_link_kind kind;
        enum role role;
    } link[LINKS];
    unsigned virtio; /* the device of a driver */
    bool registers;  /* it has some */
    enum kind own;   /* what the device writes into its own memory, if anything */
    bool copies;     /* it passes frames on, in line */
};

struct peer {
    struct quoll_link_config *config;
    enum role role;
    const struct link_half *theirs; /* the program's half */
    struct link_half *ours;
    uint8_t *data;
    uint32_t given, taken;
    uint8_t pending[4096][32]; /* what the program gave, not yet answered */
    unsigned first, last;
    uint32_t turn;
};

struct world {
    struct machine *machine;
    const struct program *program;
    struct quoll_config config;
    uint64_t io[QUOLL_MAX_IO];
    struct peer peer[LINKS];
    struct device *device;
    uint8_t *own;
    struct gpt_image disk;
};

/** What a peer may say next; false if it has nothing to say. */
bool world_say(struct world *w, struct peer *peer, void *entry);

#endif
