/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit virtualiser's ledger: whose frame each head carries. A head is in stock or
 * with the driver; only one that the driver has comes back. So the stock never holds a
 * head twice, nor more than there are.
 *
 * That is proved in verify/proofs/tx_ledger.c, whatever the neighbours say. What begins
 * with @ is for the proof.
 */
#ifndef NET_TX_LEDGER_H
#define NET_TX_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/net.h>

#define TX_LEDGER_HEADS 256U

/*
 * A head's entry is its frame as the client named it, so that it can be given back as it
 * is; `reserved`, which is 0 in what clients see, says whose it is.
 */
#define IN_STOCK 0U
#define STALE    0x100U /* with the driver, but its client has a new life: to be given to nobody */

struct tx_ledger {
    uint32_t stock;
    uint16_t free[TX_LEDGER_HEADS]; /* of which the first `stock` are in stock */
    struct net_frame head[TX_LEDGER_HEADS];
};

static inline uint16_t owner_of(unsigned client)
{
    return (uint16_t)(client + 1U);
}

static inline unsigned client_of(uint16_t owner)
{
    return (owner & 0xffU) - 1U;
}

/** All heads are in stock, the first one on top. */
static inline void tx_ledger_open(struct tx_ledger *ledger, uint32_t heads)
{
    /*@ loop invariant ledger->stock <= heads && ordered(heads);
        loop invariant \forall integer i; 0 <= i < ledger->stock ==> ledger->free[i] == heads - 1 -
       i; loop assigns ledger->stock, ledger->free[..]; loop variant heads - ledger->stock; */
    while (ledger->stock < heads) {
        ledger->free[ledger->stock] = (uint16_t)(heads - 1U - ledger->stock);
        ledger->stock += 1U;
    }
}
