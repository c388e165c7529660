/* SPDX-License-Identifier: BSD-2-Clause */
#include "classes.h"

#include <string.h>

#include <quoll/block.h>
#include <quoll/net.h>
#include <quoll/serial.h>
#include <quoll/timer.h>

#define KIB 1024U
#define MIB (1024U * KIB)

/* Where a setting lies, counted from the start of the link's settings. */
#define SETTING(struct_, member)                                                                   \
    .offset = offsetof(struct struct_, member), .width = sizeof(((struct struct_ *)0)->member)

/* A link's kind, and what system.json calls it. */
#define KIND(kind_) .kind = LINK_##kind_, .name = #kind_

enum priority {
    PRIORITY_COPIER = 110,
    PRIORITY_VIRTUALISER = 120,
    PRIORITY_DRIVER = 130,
    PRIORITY_TIMER_VIRTUALISER = 140,
    PRIORITY_TIMER_DRIVER = 150,
};

/*
 * The pool: a quarter is the device's, three are the copiers'. So 48 frames may come at once
 * at the least, and each client has at least 48 buffers, while there are up to 14 of them; of
 * two, each has 96. Without copiers it is the device's alone.
 */
#define NET_POOL_BUFFERS      128U
#define NET_POOL_BUFFERS_EACH 64U
#define NET_POOL_BUFFERS_MOST 1024U

/*
 * A client's buffers; its queues have 256 places. Of those to send from, three batches are
 * under way at once: what was sent comes back with the next batch but one.
 */
#define NET_CLIENT_BUFFERS      128U
#define NET_CLIENT_BUFFERS_MOST 256U

#define NET_HEADS 256U

static const struct class_memory net_pool = {.name = "pool",
                                             .size = NET_POOL_BUFFERS * NET_BUFFER_SIZE,
                                             .for_each = NET_POOL_BUFFERS_EACH * NET_BUFFER_SIZE,
                                             .most = NET_POOL_BUFFERS_MOST * NET_BUFFER_SIZE,
                                             .dma = true};
static const struct class_memory net_driver_pool = {
    .name = "pool",
    .size = NET_POOL_BUFFERS * NET_BUFFER_SIZE,
    .for_each = NET_POOL_BUFFERS_EACH / 2 * NET_BUFFER_SIZE,
    .most = NET_POOL_BUFFERS_MOST / 2 * NET_BUFFER_SIZE,
    .dma = true};
static const struct class_memory net_heads = {
    .name = "heads", .size = NET_HEADS * NET_HEAD_SIZE, .dma = true};
static const struct class_memory net_rx_data = {.name = "rx", .size_key = "rx", .per_client = true};
static const struct class_memory net_tx_data = {
    .name = "tx", .size_key = "tx", .per_client = true, .dma = true};
static const struct class_memory block_data = {
    .name = "data", .size_key = "data", .per_client = true, .dma = true};
static const struct class_memory block_scratch = {.name = "scratch", .size = 64 * KIB, .dma = true};

/* What a client of a network can say, whoever copies. */
#define NET_BUFFERS(name_)                                                                         \
    {                                                                                              \
        .name = name_, .type = KEY_SIZE, .fallback = NET_CLIENT_BUFFERS * NET_BUFFER_SIZE,         \
        .least = 16 * KIB, .most = NET_CLIENT_BUFFERS_MOST * NET_BUFFER_SIZE                       \
    }
#define NET_KEYS                                                                                   \
    {.name = "mac", .type = KEY_MAC, .required = true, SETTING(quoll_net_settings, mac)},          \
        NET_BUFFERS("rx"), NET_BUFFERS("tx")

static const struct class_memory timer_timeouts = {.name = "timeouts",
                                                   .for_each = TIMER_CLIENT_MEMORY};

enum { SERIAL_DRIVER, SERIAL_TX };
enum { TIMER_DRIVER, TIMER_VIRT };
enum { NET_DRIVER, NET_RX, NET_TX, NET_COPY };
enum { BLOCK_DRIVER, BLOCK_VIRT };

const struct device_class classes[] = {
    {
        .name = "serial",
        .keys = {{.name = "colour",
                  .type = KEY_CHOICE,
                  .rotates = true,
                  .choices = {"none", "red", "green", "yellow", "blue", "magenta", "cyan"},
                  SETTING(quoll_serial_settings, colour)}},
        .parts = {[SERIAL_DRIVER] = {.suffix = "driver", .priority = PRIORITY_DRIVER},
                  [SERIAL_TX] = {.suffix = "tx",
                                 .program = "serial_tx_virt.elf",
                                 .priority = PRIORITY_VIRTUALISER}},
        .links = {{KIND(SERIAL_TX_DEVICE), .up = {SERIAL_TX, 2048, sizeof(uint8_t)},
                   .down = {SERIAL_DRIVER, 1, sizeof(uint8_t)}},
                  {KIND(SERIAL_TX_CLIENT), .up = {PART_CLIENT, 2048, sizeof(uint8_t)},
                   .down = {SERIAL_TX, 1, sizeof(uint8_t)}}},
    },
    {
        .name = "timer",
        .system_timer = true,
        .parts = {[TIMER_DRIVER] = {.suffix = "driver", .priority = PRIORITY_TIMER_DRIVER},
                  [TIMER_VIRT] = {.suffix = "virt",
                                  .program = "timer_virt.elf",
                                  .priority = PRIORITY_TIMER_VIRTUALISER,
                                  .own = {&timer_timeouts, "rw", false}}},
        .links = {{KIND(TIMER_DEVICE), .up = {TIMER_VIRT, 16, sizeof(struct timer_request)},
                   .down = {TIMER_DRIVER, 16, sizeof(struct timer_expiry)}},
                  {KIND(TIMER_CLIENT), .up = {PART_CLIENT, 64, sizeof(struct timer_request)},
                   .down = {TIMER_VIRT, 128, sizeof(struct timer_expiry)}}},
    },
    {
        .name = "net",
        .variant_key = "copying",
        .variant = "copiers",
        .keys = {NET_KEYS},
        .parts = {[NET_DRIVER] = {.suffix = "driver", .priority = PRIORITY_DRIVER},
                  [NET_RX] = {.suffix = "rx",
                              .program = "net_rx_virt.elf",
                              .priority = PRIORITY_VIRTUALISER,
                              .own = {&net_pool, "r", true}},
                  [NET_TX] = {.suffix = "tx",
                              .program = "net_tx_virt.elf",
                              .priority = PRIORITY_VIRTUALISER,
                              .own = {&net_heads, "rw", true}},
                  [NET_COPY] = {.suffix = "copy",
                                .program = "net_copier.elf",
                                .priority = PRIORITY_COPIER,
                                .per_client = true,
                                .copies = true}},
        .links = {{KIND(NET_RX_DEVICE), .up = {NET_RX, 512, sizeof(struct net_rx_buffer)},
                   .down = {NET_DRIVER, 512, sizeof(struct net_rx_done), .seldom = true}},
                  {KIND(NET_TX_DEVICE),
                   .up = {NET_TX, 256, sizeof(struct net_tx_frame), .seldom = true},
                   .down = {NET_DRIVER, 256, sizeof(struct net_tx_done)}},
                  {KIND(NET_RX_COPIER),
                   .up = {NET_COPY, 1, sizeof(struct net_frame), {&net_pool, "r", false}},
                   .down = {NET_RX, 512, sizeof(struct net_frame), {&net_pool, "r", true}}},
                  {KIND(NET_RX_CLIENT),
                   .up = {PART_CLIENT, 256, sizeof(struct net_frame), {&net_rx_data, "rw", false}},
                   .down = {NET_COPY, 256, sizeof(struct net_frame), {&net_rx_data, "rw", false}}},
                  {KIND(NET_TX_CLIENT),
                   .up = {PART_CLIENT, 256, sizeof(struct net_frame), {&net_tx_data, "rw", false}},
                   .down = {NET_TX, 256, sizeof(struct net_frame), {&net_tx_data, "r", true}}}},
    },
    {
        .name = "net",
        .variant_key = "copying",
        .variant = "virtualiser",
        .keys = {NET_KEYS},
        .parts = {[NET_DRIVER] = {.suffix = "driver", .priority = PRIORITY_DRIVER},
                  [NET_RX] = {.suffix = "rx",
                              .program = "net_rx_copy_virt.elf",
                              .priority = PRIORITY_VIRTUALISER,
                              .copies = true,
                              .own = {&net_driver_pool, "r", true}},
                  [NET_TX] = {.suffix = "tx",
                              .program = "net_tx_virt.elf",
                              .priority = PRIORITY_VIRTUALISER,
                              .own = {&net_heads, "rw", true}}},
        .links = {{KIND(NET_RX_DEVICE), .up = {NET_RX, 512, sizeof(struct net_rx_buffer)},
                   .down = {NET_DRIVER, 512, sizeof(struct net_rx_done), .seldom = true}},
                  {KIND(NET_TX_DEVICE),
                   .up = {NET_TX, 256, sizeof(struct net_tx_frame), .seldom = true},
                   .down = {NET_DRIVER, 256, sizeof(struct net_tx_done)}},
                  {KIND(NET_RX_CLIENT),
                   .up = {PART_CLIENT, 256, sizeof(struct net_frame), {&net_rx_data, "rw", false}},
                   .down = {NET_RX, 256, sizeof(struct net_frame), {&net_rx_data, "rw", false}}},
                  {KIND(NET_TX_CLIENT),
                   .up = {PART_CLIENT, 256, sizeof(struct net_frame), {&net_tx_data, "rw", false}},
                   .down = {NET_TX, 256, sizeof(struct net_frame), {&net_tx_data, "r", true}}}},
    },
    {
        .name = "block",
        .keys = {{.name = "partition",
                  .type = KEY_PARTITION,
                  .required = true,
                  SETTING(quoll_block_settings, partition)},
                 {.name = "access",
                  .type = KEY_CHOICE,
                  .writes = true,
                  .choices = {"read", "write"},
                  SETTING(quoll_block_settings, writable)},
                 {.name = "data",
                  .type = KEY_SIZE,
                  .fallback = 1 * MIB,
                  .least = 4 * KIB,
                  .most = 256 * MIB},
                 {.name = "quota",
                  .type = KEY_NUMBER,
                  .fallback = 32,
                  .least = 1,
                  .most = 64,
                  SETTING(quoll_block_settings, quota)}},
        .parts = {[BLOCK_DRIVER] = {.suffix = "driver", .priority = PRIORITY_DRIVER},
                  [BLOCK_VIRT] = {.suffix = "virt",
                                  .program = "block_virt.elf",
                                  .priority = PRIORITY_VIRTUALISER,
                                  .own = {&block_scratch, "r", true}}},
        .links =
            {{KIND(BLOCK_DEVICE), .up = {BLOCK_VIRT, 64, sizeof(struct block_request)},
              .down = {BLOCK_DRIVER, 64, sizeof(struct block_response)}},
             {KIND(BLOCK_CLIENT),
              .up = {PART_CLIENT, 64, sizeof(struct block_request), {&block_data, "rw", false}},
              .down = {BLOCK_VIRT, 64, sizeof(struct block_response), {&block_data, NULL, true}}}},
    },
};

const size_t class_count = sizeof classes / sizeof classes[0];

const struct device_class *class_find(const char *name)
{
    for (size_t i = 0; i < class_count; i++) {
        if (strcmp(classes[i].name, name) == 0) {
            return &classes[i];
        }
    }
    return NULL;
}

size_t class_variants(const struct device_class *class, const char *names[CLASS_MAX_CHOICES])
{
    size_t n = 0;

    while (class->variant_key != NULL && n < CLASS_MAX_CHOICES &&
           class + n < classes + class_count && strcmp(class[n].name, class->name) == 0) {
        names[n] = class[n].variant;
        n++;
    }
    return n;
}

bool class_has_key(const struct device_class *class, enum key_type type)
{
    bool has = false;

    for (size_t i = 0; i < class_keys(class); i++) {
        has = has || class->keys[i].type == type;
    }
    return has;
}

size_t class_keys(const struct device_class *class)
{
    size_t n = 0;

    while (n < CLASS_MAX_KEYS && class->keys[n].name != NULL) {
        n++;
    }
    return n;
}

size_t class_parts(const struct device_class *class)
{
    size_t n = 0;

    while (n < CLASS_MAX_PARTS && class->parts[n].suffix != NULL) {
        n++;
    }
    return n;
}

size_t class_links(const struct device_class *class)
{
    size_t n = 0;

    while (n < CLASS_MAX_LINKS && class->links[n].kind != LINK_NONE) {
        n++;
    }
    return n;
}

static bool end_per_client(const struct device_class *class, const struct class_end *end)
{
    return end->part == PART_CLIENT || class->parts[end->part].per_client;
}

bool class_link_per_client(const struct device_class *class, const struct class_link *link)
{
    return end_per_client(class, &link->up) || end_per_client(class, &link->down);
}
