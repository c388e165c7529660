/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by WP: the receive virtualiser's ledger. A buffer is in stock, with the driver or
 * with copiers, never in two of these places; the stock holds each at most once and never
 * more than there are; of what the driver names only what it has is taken.
 */
#include "trusted.h"

#include "places.h"

#define DRIVER 0x8000000000000000

/*@ predicate books(integer all, integer stock, integer lent, uint64_t *holders) =
        (\forall integer id; 0 <= id < all ==> (holders[id] == 0 <==> place[id] < stock)) &&
        (\forall integer id; 0 <= id < all ==>
            (holders[id] >= DRIVER <==> stock <= place[id] < stock + lent)) &&
        (\forall integer id; 0 <= id < all ==> holders[id] <= DRIVER);
*/

#define in_order(ledger)  stocked(ledger->buffers, ledger->stock, ledger->with_driver, &ledger->free[0])
#define in_books(ledger)                                                                           \
    in_order(ledger) && books(ledger->buffers, ledger->stock, ledger->with_driver, &ledger->holders[0])

/* TRUSTED: what the provers do not know of bits: a set without some of its members */
/*@ ghost
    /@ assigns \nothing;
       ensures 0 <= (set & (uint64_t)~bit) <= set;
       ensures ((set & (uint64_t)~bit) & bit) == 0;
    @/
    void without(uint64_t set, uint64_t bit);
*/

#include "net/rx_ledger.h"

#undef RX_LEDGER_DRIVER
#define RX_LEDGER_DRIVER ((uint64_t)DRIVER) /* as the logic writes it */

/*@ requires \valid(ledger) && in_order(ledger) && ledger->stock + ledger->with_driver < ledger->buffers;
    requires id < ledger->buffers && ledger->stock + ledger->with_driver <= place[id];
    assigns ledger->holders[id], ledger->free[ledger->stock], ledger->stock;
    assigns order[..], place[..];
    ensures in_order(ledger);
    ensures ledger->stock == \old(ledger->stock) + 1 && ledger->holders[id] == 0;
    ensures place[id] == \old(ledger->stock);
    ensures \forall integer i; 0 <= i < ledger->buffers && \old(place[i]) < \old(ledger->stock) ==>
        place[i] == \old(place[i]);
    ensures \forall integer i; 0 <= i < ledger->buffers &&
        \old(ledger->stock) <= \old(place[i]) < \old(ledger->stock) + ledger->with_driver ==>
            ledger->stock <= place[i] < ledger->stock + ledger->with_driver;
    ensures \forall integer i; 0 <= i < ledger->buffers && i != id &&
        \old(ledger->stock) + ledger->with_driver <= \old(place[i]) ==>
            ledger->stock + ledger->with_driver <= place[i]; */
static inline void rx_ledger_put_in_stock(struct rx_ledger *ledger, uint32_t id);

/*@ requires \valid_read(ledger) && in_books(ledger);
    assigns \nothing;
    ensures \result <==> id < ledger->buffers && ledger->holders[id] == DRIVER; */
static inline bool rx_ledger_lent(const struct rx_ledger *ledger, uint32_t id);

/*@ requires \valid(ledger) && in_books(ledger);
    requires id < ledger->buffers && ledger->holders[id] == DRIVER && copiers < DRIVER;
    assigns ledger->holders[id], ledger->free[ledger->stock], ledger->stock, ledger->with_driver;
    assigns order[..], place[..];
    ensures in_books(ledger);
    ensures ledger->with_driver == \old(ledger->with_driver) - 1;
    ensures ledger->holders[id] == copiers; */
static inline void rx_ledger_hand_on(struct rx_ledger *ledger, uint32_t id, uint64_t copiers);

/*@ requires \valid(ledger) && in_books(ledger);
    requires id < ledger->buffers && 0 < ledger->holders[id] < DRIVER;
    assigns ledger->holders[id], ledger->free[ledger->stock], ledger->stock;
    assigns order[..], place[..];
    ensures in_books(ledger);
    ensures ledger->holders[id] == (\old(ledger->holders[id]) & (uint64_t)~bit);
    ensures (ledger->holders[id] & bit) == 0; */
static inline void rx_ledger_give_back(struct rx_ledger *ledger, uint32_t id, uint64_t bit);

/*@ requires \valid(ledger) && buffers <= RX_LEDGER_BUFFERS && ledger->stock == 0;
    requires ledger->with_driver == 0 && ordered(buffers);
    requires \forall integer i; 0 <= i < buffers ==> ledger->holders[i] == 0;
    assigns ledger->buffers, ledger->holders[..], ledger->free[..], ledger->stock;
    assigns order[..], place[..];
    ensures in_books(ledger) && ledger->stock == buffers && ledger->with_driver == 0;
    ensures ledger->buffers == buffers; */
static inline void rx_ledger_open(struct rx_ledger *ledger, uint32_t buffers);

/*@ requires \valid(ledger) && in_books(ledger) && (DRIVER & bit) == 0;
    assigns ledger->holders[..], ledger->free[..], ledger->stock, order[..], place[..];
    ensures in_books(ledger);
    ensures \forall integer i; 0 <= i < ledger->buffers ==> (ledger->holders[i] & bit) == 0; */
static inline void rx_ledger_take_from(struct rx_ledger *ledger, uint64_t bit);

/*@ requires \valid(ledger) && in_books(ledger);
    assigns ledger->holders[..], ledger->free[..], ledger->stock, ledger->with_driver;
    assigns order[..], place[..];
    ensures in_books(ledger);
    ensures \forall integer i; 0 <= i < ledger->buffers ==> ledger->holders[i] != DRIVER; */
static inline void rx_ledger_take_all_back(struct rx_ledger *ledger);

/* While the driver is lent some, `left` of the stock are left. */
#define lending(ledger, left)                                                                      \
    stocked(ledger->buffers, left, ledger->with_driver + ledger->stock - (left), &ledger->free[0]) && \
    books(ledger->buffers, left, ledger->with_driver + ledger->stock - (left), &ledger->holders[0])

/*@ requires \valid(ledger) && left < ledger->stock && lending(ledger, left + 1);
    assigns ledger->holders[ledger->free[left]];
    ensures lending(ledger, left);
    ensures \result == ledger->free[left] && \result < ledger->buffers;
    ensures ledger->holders[\result] == DRIVER; */
static inline uint32_t rx_ledger_lend(struct rx_ledger *ledger, uint32_t left);

/*@ requires \valid(ledger) && left <= ledger->stock && lending(ledger, left);
    assigns ledger->stock, ledger->with_driver;
    ensures in_books(ledger);
    ensures ledger->stock == left; */
static inline void rx_ledger_lend_end(struct rx_ledger *ledger, uint32_t left);
