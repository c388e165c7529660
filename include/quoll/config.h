/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the composer tells a protection domain: the ABI between the command
 * `quoll` and every program.
 *
 * Each program carries `quoll_config`, read-only and full of zeros, next to its
 * code (core/config_space.S). The composer fills it in, in the protection domain's own
 * copy of the ELF file; addresses are of the protection domain's own address space.
 * The I/O addresses of DMA regions are known only to the SDK's tool, which patches
 * them into `quoll_io` by the symbols quoll_io_0, quoll_io_1, ...
 *
 * Being read-only, none of this can be lost by a wild write or a restart.
 */
#ifndef QUOLL_CONFIG_H
#define QUOLL_CONFIG_H

#include <assert.h>
#include <stdint.h>

#define QUOLL_CONFIG_MAGIC   0x6c6f7551U /* "Quol" */
#define QUOLL_CONFIG_VERSION 1U

#define QUOLL_NAME_SIZE      32U /* with the final NUL */
#define QUOLL_MAX_PDS        63U
#define QUOLL_MAX_LINKS      62U /* as many as channels */
#define QUOLL_MAX_REGISTERS  4U
#define QUOLL_MAX_INTERRUPTS 4U
#define QUOLL_SETTINGS_SIZE  256U
#define QUOLL_MAX_IO         64U
#define QUOLL_NO_IO          0xffffffffU /* region without DMA */
#define QUOLL_NO_CHANNEL     0xffU

/*
 * What a link carries and between whom; "device" links join a driver to its
 * virtualiser, "client" links a virtualiser (or copier) to a client.
 */
enum quoll_link_kind {
    LINK_NONE = 0,
    LINK_SERIAL_TX_DEVICE,
    LINK_SERIAL_TX_CLIENT,
    LINK_TIMER_DEVICE,
    LINK_TIMER_CLIENT,
    LINK_NET_RX_DEVICE,
    LINK_NET_TX_DEVICE,
    LINK_NET_RX_COPIER, /* receive virtualiser and copier */
    LINK_NET_RX_CLIENT, /* copier and client */
    LINK_NET_TX_CLIENT,
    LINK_BLOCK_DEVICE,
    LINK_BLOCK_CLIENT,
};

/* Memory as this protection domain sees it. */
struct quoll_region_config {
    uint64_t vaddr;    /* 0: there is no such region */
    uint64_t size;     /* bytes */
    uint32_t io;       /* index into quoll_io: I/O address of its first byte, or QUOLL_NO_IO */
    uint32_t coherent; /* 1 if the device sees the CPU's caches ("dma-coherent") */
};

struct quoll_net_settings {
    uint8_t mac[6];
    uint8_t reserved[2];
};

struct quoll_block_settings {
    char partition[37]; /* GPT name, ASCII, NUL-terminated */
    uint8_t writable;   /* 0 or 1 */
    uint8_t reserved[2];
    uint32_t quota; /* requests in flight at once, 1 or more */
};

struct quoll_serial_settings {
    uint8_t colour; /* 0: none; 1 to 6: ANSI red to cyan (31 to 36) */
};

/* One end of a link. */
struct quoll_link_config {
    uint64_t mine;             /* the half that this side writes */
    uint64_t peer;             /* the other side's half, read-only */
    uint32_t produce_capacity; /* entries that this side can have outstanding; power of two */
    uint32_t consume_capacity;
    uint8_t kind;    /* enum quoll_link_kind */
    uint8_t channel; /* Microkit channel, 0 to 61 */
    uint8_t peer_pd; /* the peer's index in the page of lives */
    uint8_t reserved[5];
    struct quoll_region_config data; /* the data that this link's offsets refer to */
    char name[QUOLL_NAME_SIZE];      /* to a client: the device's name; else the peer's */
    union {
        struct quoll_net_settings net;       /* kinds LINK_NET_* towards clients, both ends */
        struct quoll_block_settings block;   /* LINK_BLOCK_CLIENT, both ends */
        struct quoll_serial_settings serial; /* LINK_SERIAL_TX_CLIENT, both ends */
        uint8_t bytes[48];
    } settings;
};

/* What a driver gets of its device; all zero in other programs. */
struct quoll_device_config {
    struct quoll_region_config registers[QUOLL_MAX_REGISTERS];
    struct quoll_region_config dma;          /* zeroed once, shared by driver and device alone */
    uint8_t interrupt[QUOLL_MAX_INTERRUPTS]; /* channels, or QUOLL_NO_CHANNEL */
    uint32_t reserved;
};

struct quoll_config {
    uint32_t magic;
    uint16_t version;
    uint16_t links;
    uint64_t stack_top;      /* offset 8: the start stub reads it */
    uint64_t lives;          /* const _Atomic uint32_t[QUOLL_MAX_PDS + 1], by the supervisor */
    uint64_t counters;       /* this protection domain's counters page (counters.h) */
    uint64_t observed;       /* counters pages of all, in PD order, or 0 (observers only) */
    uint16_t observed_pages; /* how many */
    uint8_t pd;              /* own index in the page of lives */
    uint8_t children;        /* supervisor only: children have ids 0 to children - 1 = index */
    uint32_t reserved;
    char name[QUOLL_NAME_SIZE];         /* of the protection domain */
    char settings[QUOLL_SETTINGS_SIZE]; /* "key=value\0key=value\0\0" */
    struct quoll_device_config device;
    struct quoll_region_config own; /* a virtualiser's own memory: net Rx pool, net Tx heads, ... */
    struct quoll_link_config link[QUOLL_MAX_LINKS];
};

#define QUOLL_CONFIG_SIZE 8920 /* for core/config_space.S */

static_assert(sizeof(struct quoll_region_config) == 24, "ABI");
static_assert(sizeof(struct quoll_link_config) == 136, "ABI");
static_assert(sizeof(struct quoll_config) == QUOLL_CONFIG_SIZE, "ABI");

extern const struct quoll_config quoll_config;
extern const uint64_t quoll_io[QUOLL_MAX_IO];

/** I/O address of a region's first byte; only for regions that have one. */
static inline uint64_t quoll_io_address(const struct quoll_region_config *region)
{
    return quoll_io[region->io & (QUOLL_MAX_IO - 1U)];
}

/** Value of a setting of system.yaml, or NULL if it was not given. */
const char *quoll_setting(const char *key);

/**
 * The nth (from 0) link of a kind, or NULL. With a name, only links of that name
 * (a client's device, a server's client) count.
 */
const struct quoll_link_config *quoll_find_link(enum quoll_link_kind kind, const char *name,
                                                unsigned nth);

/* ---- A driver's description of itself ---- */

/*
 * Each driver has one of these in the section ".quoll_driver" of its ELF file; the
 * composer picks a driver for a device by class and `compatible` and gives it what
 * it asks for.
 */
#define QUOLL_DRIVER_MAGIC 0x76726451U /* "Qdrv" */

struct quoll_driver {
    uint32_t magic;
    uint32_t abi;                            /* QUOLL_CONFIG_VERSION */
    char class_name[16];                     /* "net" */
    char compatible[4][32];                  /* as in the device tree; unused ones empty */
    uint8_t registers;                       /* how many of the node's `reg` ranges it maps */
    uint8_t interrupts;                      /* how many interrupts it takes */
    uint8_t interrupt[QUOLL_MAX_INTERRUPTS]; /* which of the node's `interrupts`, from 0 */
    uint8_t system_timer;                    /* 1: may write the CPU's CNTP registers */
    uint8_t reserved;
    uint32_t register_size[QUOLL_MAX_REGISTERS]; /* least bytes of each range */
    uint32_t dma_size;                           /* bytes of DMA memory of its own, or 0 */
    uint32_t reserved2;
};

static_assert(sizeof(struct quoll_driver) == 184, "ABI");

/** Place the description in its section: QUOLL_DRIVER(...initialisers...); */
#define QUOLL_DRIVER(...)                                                                          \
    __attribute__((used, section(".quoll_driver"))) const struct quoll_driver quoll_driver = {     \
        .magic = QUOLL_DRIVER_MAGIC, .abi = QUOLL_CONFIG_VERSION, __VA_ARGS__}

#endif
