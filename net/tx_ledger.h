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
 * A frame as its client named it, as one word. What is reserved, and 0 in what clients see,
 * says in the ledger whose it is.
 */
#define OWNED_BY_ONE (UINT64_C(1) << 48)

#define IN_STOCK 0U
#define STALE    0x100U /* with the driver, but its client has a new life: to be given to nobody */

struct tx_ledger {
    uint64_t head[TX_LEDGER_HEADS];
    uint32_t stock;
    uint16_t free[TX_LEDGER_HEADS]; /* of which the first `stock` are in stock */
};

static inline uint16_t owner_of(unsigned client)
{
    return (uint16_t)(client + 1U);
}

static inline unsigned client_of(uint16_t owner)
{
    return owner % STALE - 1U;
}

/** Whether the driver has a head, of any number, with a frame of an owner. */
static inline bool tx_ledger_is(const struct tx_ledger *ledger, uint32_t id, uint16_t owner)
{
    return id < TX_LEDGER_HEADS && ledger->head[id] / OWNED_BY_ONE == owner;
}

/** All heads are in stock, the first one on top. */
static inline void tx_ledger_open(struct tx_ledger *ledger, uint32_t heads)
{
    /*@ loop invariant ledger->stock <= heads && in_order(ledger, heads, ledger->stock);
        loop invariant \forall integer i;
            0 <= i < heads - ledger->stock ==> place[i] >= ledger->stock;
        loop assigns ledger->stock, ledger->free[..], order[..], place[..];
        loop variant heads - ledger->stock; */
    while (ledger->stock < heads) {
        //@ ghost to_stock(heads, ledger->stock, 0, (uint32_t)(heads - 1 - ledger->stock));
        ledger->free[ledger->stock] = (uint16_t)(heads - 1U - ledger->stock);
        ledger->stock += 1U;
    }
}

/** Whose frame a head carries, of any number; IN_STOCK if the driver does not have it. */
static inline uint16_t tx_ledger_owner(const struct tx_ledger *ledger, uint32_t id)
{
    return id < TX_LEDGER_HEADS ? (uint16_t)(ledger->head[id] / OWNED_BY_ONE) : IN_STOCK;
}

/* The next two are for loops, in the end of which the stock is set. */

/** The head on top of the stock, which is `id`, carries a frame of an owner and goes out. */
static inline void tx_ledger_enter(struct tx_ledger *ledger, uint32_t id, uint64_t frame,
                                   uint16_t owner)
{
    ledger->head[id] = frame + owner * OWNED_BY_ONE;
}

/** The driver is done with a head that it had; the frame, as its client named it. */
static inline uint64_t tx_ledger_take(struct tx_ledger *ledger, uint32_t id, uint32_t stock)
{
    uint64_t frame = ledger->head[id] % OWNED_BY_ONE;

    //@ ghost to_stock(all, stock, 0, id);
    ledger->head[id] = IN_STOCK;
    ledger->free[stock] = (uint16_t)id;
    return frame;
}

/** A client's new life: what its old one sent comes back to nobody. */
static inline void tx_ledger_forget(struct tx_ledger *ledger, unsigned client)
{
    /*@ loop invariant id <= TX_LEDGER_HEADS && in_books(ledger, ledger->stock);
        loop invariant \forall integer i; 0 <= i < id ==> owner_in(ledger->head[i]) != client + 1;
        loop assigns id, ledger->head[..];
        loop variant TX_LEDGER_HEADS - id; */
    for (uint32_t id = 0; id < TX_LEDGER_HEADS; id++) {
        if (tx_ledger_owner(ledger, id) == owner_of(client)) {
            ledger->head[id] += STALE * OWNED_BY_ONE;
        }
    }
}

#endif
