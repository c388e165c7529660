/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool of receive buffers, at the virtualiser that owns it.
 *
 * The one with copiers keeps a ledger of who has which buffer (rx_ledger.h); what nobody
 * has goes to the driver, by the batch, as long as that has plenty. The copying one hands
 * buffers to nobody but the driver, and has less to keep (rx_copy_virt.c).
 */
#ifndef NET_POOL_H
#define NET_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/dma.h>
#include <quoll/link.h>
#include <quoll/net.h>

#include "frames.h"
#include "rx_ledger.h"

struct net_pool {
    struct link driver;
    const unsigned char *frames; /* in the buffers, as they lie for us */
    uint64_t io;                 /* the buffers, for the device */
    uint32_t buffers;
    uint32_t most;    /* that the driver gets, */
    uint32_t at_once; /* and how many, or more, it gets at once: */
    uint32_t by;      /* fewer, as long as a taker is behind (takers.h) */
    bool coherent;
};

/** From pd_start(): our own memory, and the link to the driver. */
void pool_open(struct net_pool *pool);

/** What nobody has goes to the device, until that has `most`. */
void pool_supply(struct net_pool *pool, struct rx_ledger *ledger, uint32_t most);

/**
 * Whether it is a frame, in a buffer that the driver has: the caller must hand it on then
 * (rx_ledger_hand_on), and else refuse it.
 */
static inline bool pool_takes(const struct rx_ledger *ledger, struct net_rx_done done)
{
    return rx_ledger_lent(ledger, done.id) && is_frame(done.length);
}

/** What is not the driver's to give, or no frame, is counted. Rare, hence out of line. */
void pool_refuse(struct net_pool *pool, struct rx_ledger *ledger, struct net_rx_done done);

/** Where the device finds a buffer. */
static inline uint64_t pool_address(const struct net_pool *pool, uint32_t id)
{
    return pool->io + (uint64_t)id * NET_BUFFER_SIZE;
}

/** The frame in a buffer. */
static inline const unsigned char *pool_frame(const struct net_pool *pool, uint32_t id)
{
    return pool->frames + (uint64_t)id * NET_BUFFER_SIZE;
}

/** A buffer that was just taken: what the device wrote is what we will read. */
static inline void pool_invalidate(const struct net_pool *pool, uint32_t id)
{
    cache_invalidate(pool_frame(pool, id) - NET_HEADROOM, NET_BUFFER_SIZE);
}

#endif
