/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive virtualiser's ledger: who has which buffer of the pool. A buffer is in
 * stock, or with the driver, or with one or more copiers, and only who has it can give
 * it back. So the stock never holds a buffer twice, nor more than there are.
 *
 * That is proved in verify/proofs/rx_ledger.c, whatever the neighbours say. What begins
 * with @ is for the proof.
 */
#ifndef NET_RX_LEDGER_H
#define NET_RX_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#define RX_LEDGER_BUFFERS 1024U
#define RX_LEDGER_DRIVER  (UINT64_C(1) << 63) /* a copier's bit cannot be this one */

struct rx_ledger {
    uint32_t buffers;
    uint32_t with_driver;
    uint32_t stock;
    uint16_t free[RX_LEDGER_BUFFERS];    /* of which the first `stock` are in stock */
    uint64_t holders[RX_LEDGER_BUFFERS]; /* set of copiers, or the driver; empty: in stock */
};

/* Nobody has the buffer any more. */
static inline void rx_ledger_put_in_stock(struct rx_ledger *ledger, uint32_t id)
{
    //@ ghost to_stock(ledger->buffers, ledger->stock, ledger->with_driver, id);
    ledger->holders[id] = 0;
    ledger->free[ledger->stock] = (uint16_t)id;
    ledger->stock += 1U;
}

/** All buffers are in stock, the first one on top. */
static inline void rx_ledger_open(struct rx_ledger *ledger, uint32_t buffers)
{
    ledger->buffers = buffers;
    /*@ loop invariant id <= buffers && ledger->stock == buffers - id;
        loop invariant in_order(ledger);
        loop invariant \forall integer i; 0 <= i < id ==> place[i] >= ledger->stock;
        loop invariant \forall integer i; id <= i < buffers ==> ledger->holders[i] == 0;
        loop assigns id, ledger->stock, ledger->free[..], ledger->holders[..], order[..], place[..];
        loop variant id; */
    for (uint32_t id = buffers; id > 0; id--) {
        rx_ledger_put_in_stock(ledger, id - 1U);
    }
}

/** Whether the driver has a buffer of this number, which may be any. */
static inline bool rx_ledger_lent(const struct rx_ledger *ledger, uint32_t id)
{
    return id < ledger->buffers && ledger->holders[id] == RX_LEDGER_DRIVER;
}

/*
 * The driver gets the buffer on top of the stock, which is `left` without it; for loops:
 * rx_ledger_lend_end() says how many are left in the end.
 */
static inline uint32_t rx_ledger_lend(struct rx_ledger *ledger, uint32_t left)
{
    uint32_t id = ledger->free[left];

    ledger->holders[id] = RX_LEDGER_DRIVER;
    return id;
}

static inline void rx_ledger_lend_end(struct rx_ledger *ledger, uint32_t left)
{
    ledger->with_driver += ledger->stock - left;
    ledger->stock = left;
}

/** A buffer that the driver has goes to a set of copiers; if that is empty, into stock. */
static inline void rx_ledger_hand_on(struct rx_ledger *ledger, uint32_t id, uint64_t copiers)
{
    //@ ghost from_driver(ledger->buffers, ledger->stock, ledger->with_driver, id);
    ledger->with_driver -= 1U;
    if (copiers == 0) {
        rx_ledger_put_in_stock(ledger, id);
    } else {
        ledger->holders[id] = copiers;
    }
}

/** A copier, known by its bit, gives a buffer back that it has. */
static inline void rx_ledger_give_back(struct rx_ledger *ledger, uint32_t id, uint64_t bit)
{
    uint64_t left = ledger->holders[id] & ~bit;

    //@ ghost without(ledger->holders[id], bit);
    if (left == 0) {
        rx_ledger_put_in_stock(ledger, id);
    } else {
        ledger->holders[id] = left;
    }
}

/** A copier's new life has nothing of what its old one had. */
static inline void rx_ledger_take_from(struct rx_ledger *ledger, uint64_t bit)
{
    /*@ loop invariant id <= ledger->buffers && in_books(ledger);
        loop invariant \forall integer i; 0 <= i < id ==> (ledger->holders[i] & bit) == 0;
        loop assigns id, ledger->stock, ledger->free[..], ledger->holders[..], order[..], place[..];
        loop variant ledger->buffers - id; */
    for (uint32_t id = 0; id < ledger->buffers; id++) {
        if ((ledger->holders[id] & bit) != 0) {
            rx_ledger_give_back(ledger, id, bit);
        }
    }
}

/** Nor has the driver's. */
static inline void rx_ledger_take_all_back(struct rx_ledger *ledger)
{
    /*@ loop invariant id <= ledger->buffers && in_books(ledger);
        loop invariant \forall integer i; 0 <= i < id ==> ledger->holders[i] != RX_LEDGER_DRIVER;
        loop assigns id, ledger->stock, ledger->with_driver;
        loop assigns ledger->free[..], ledger->holders[..], order[..], place[..];
        loop variant ledger->buffers - id; */
    for (uint32_t id = 0; id < ledger->buffers; id++) {
        if (ledger->holders[id] == RX_LEDGER_DRIVER) {
            rx_ledger_hand_on(ledger, id, 0);
        }
    }
}

#endif
