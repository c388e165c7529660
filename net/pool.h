/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool of receive buffers, at the virtualiser that owns it: what it gives the driver
 * and takes from it. Who has which buffer says its ledger (rx_ledger.h); what nobody has
 * goes to the driver, by the batch, as long as that has plenty.
 */
#ifndef NET_POOL_H
#define NET_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/dma.h>
#include <quoll/link.h>
#include <quoll/net.h>

#include "rx_ledger.h"

struct net_pool {
    struct link driver;
    const unsigned char *data;
    uint64_t io;
    uint32_t plenty; /* buffers with the driver with which it needs no more for now */
    uint32_t most;   /* that the driver gets */
    bool coherent;
    struct rx_ledger ledger;
};

/** From pd_start(): our own memory, all in stock, and the link to the driver. */
void pool_open(struct net_pool *pool);

/** What nobody has goes to the device, as much as it may have. */
void pool_supply(struct net_pool *pool);

/** What is not the driver's to give, or no frame, is refused. Rare, hence out of line. */
void pool_refuse(struct net_pool *pool, const struct net_rx_done *done);

/**
 * What the driver says of one buffer. True: there is a frame in it, and the caller must
 * hand it on (rx_ledger_hand_on).
 */
static inline bool pool_take(struct net_pool *pool, const struct net_rx_done *done)
{
    if (!rx_ledger_lent(&pool->ledger, done->id) || done->length < NET_FRAME_MIN ||
        done->length > NET_FRAME_MAX) {
        pool_refuse(pool, done);
        return false;
    }
    return true;
}

/** The frame in a buffer that was just taken. */
static inline const unsigned char *pool_frame(const struct net_pool *pool, uint32_t id)
{
    const unsigned char *buffer = pool->data + (uint64_t)id * NET_BUFFER_SIZE;

    if (!pool->coherent) {
        cache_invalidate(buffer, NET_BUFFER_SIZE);
    }
    return buffer + NET_HEADROOM;
}

#endif
