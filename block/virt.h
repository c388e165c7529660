/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the block virtualiser share: virt.c (the driver's side, entry
 * points), virt_client.c (the clients' side), virt_table.c (the partition table).
 */
#ifndef BLOCK_VIRT_H
#define BLOCK_VIRT_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/block.h>
#include <quoll/error.h>
#include <quoll/link.h>

#include "gpt_reader.h"
#include "ledger.h"

/* Requests taken from one client before it is the next one's turn. */
#define VIRT_BATCH 8U

/*
 * Requests refused to one client in one wake-up before it is cut off. On one core
 * there are never more than its queue holds; on several, a client that feeds us bad
 * requests as fast as we refuse them must not keep us.
 */
#define VIRT_REFUSALS 1024U

struct virt_client {
    struct link link;
    const char *name;
    uint8_t number;
    bool found;     /* the partition is there: info says its size */
    uint64_t first; /* the partition's first block on the disk */
    struct block_info info;
    uint32_t share;       /* slots of the ledger that this client may fill in any case */
    uint32_t outstanding; /* slots it fills: bits of `held` */
    uint32_t refusals;    /* in this wake-up */
    uint64_t held;
    uint64_t ids;      /* of the requests in these slots, as far as they are below 64 */
    uint64_t orphaned; /* slots that a past life of the client left: answered to nobody */
};

enum virt_state {
    VIRT_WAITING, /* for the driver to say that its device is ready */
    VIRT_READING, /* the partition table */
    VIRT_SERVING,
    VIRT_DOWN, /* no disk, or none with a good table: requests are answered QUOLL_EDOWN */
};

struct virt {
    struct link device;
    enum virt_state state;
    struct block_info disk; /* checked */
    uint32_t told;          /* generation of the driver's information looked at last */
    struct ledger ledger;
    struct gpt_reader reader;
    bool read_again; /* the disk changed while its table was being read */
    uint32_t clients;
    uint64_t active;  /* clients that may have something to be taken */
    uint64_t starved; /* clients that found the ledger full */
    uint64_t touched; /* clients whose links have something to publish */
    uint32_t turn;    /* of who is woken first (quoll/turn.h) */
    struct virt_client client[QUOLL_MAX_LINKS];
};

/* ---- virt_client.c ---- */

void virt_client_open(struct virt *virt, const struct quoll_link_config *config);

/** Divide the ledger among the clients, once all are open. */
void virt_client_share(struct virt *virt);

/** Take the active clients' requests, in turn, as far as shares and room go. */
void virt_client_serve(struct virt *virt);

/** A client's request was answered: pass it on, if the client still lives. */
void virt_client_answer(struct virt *virt, uint32_t slot, enum quoll_error status);

/** Publish what was put for the clients. */
void virt_client_publish(struct virt *virt);

/** Tell all clients that there is no disk, and why (QUOLL_OK: not yet). */
void virt_client_all_down(struct virt *virt, enum quoll_error error);

/* ---- virt_table.c ---- */

/** The disk is there or has changed: read its table. */
void virt_table_read(struct virt *virt);

/** A read of the table was answered. */
void virt_table_answer(struct virt *virt, enum quoll_error status);

#endif
