/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by WP: the transmit virtualiser's ledger. A head is in stock or carries the frame
 * of one client; the stock holds each at most once and never more than there are; of what
 * the driver names only what it has is taken, and that is the frame that was entered.
 */
#include "trusted.h"

#include "places.h"

#include <quoll/net.h>

#define CLIENTS 61

/* How many heads there are; numbers above are never in stock, nor with the driver. */
//@ ghost uint32_t all;

/*@ predicate owner(integer r) = r == 0 || 1 <= r <= CLIENTS || 0x101 <= r <= 0x100 + CLIENTS;

    logic integer owner_in(integer entry) = entry / 0x1000000000000;
    logic integer frame_in(integer entry) = entry % 0x1000000000000;

    predicate books(integer stock, uint64_t *head) =
        (\forall integer id; 0 <= id < all ==> (owner_in(head[id]) == 0 <==> place[id] < stock)) &&
        (\forall integer id; all <= id < 256 ==> owner_in(head[id]) == 0) &&
        (\forall integer id; 0 <= id < 256 ==> owner(owner_in(head[id])));
*/

#define in_order(ledger, heads, in_stock) heads <= 256 && stocked(heads, in_stock, 0, &ledger->free[0])
#define in_books(ledger, in_stock)        in_order(ledger, all, in_stock) && books(in_stock, &ledger->head[0])

#include "net/tx_ledger.h"

/*@ requires client < CLIENTS;
    assigns \nothing;
    ensures \result == client + 1; */
static inline uint16_t owner_of(unsigned client);

/*@ requires owner(owner) && owner != 0;
    assigns \nothing;
    ensures \result == (owner >= 0x100 ? owner - 0x100 : owner) - 1;
    ensures \result < CLIENTS; */
static inline unsigned client_of(uint16_t owner);

/*@ requires \valid(ledger) && ledger->stock == 0 && heads <= TX_LEDGER_HEADS && ordered(heads);
    assigns ledger->stock, ledger->free[..], order[..], place[..];
    ensures in_order(ledger, heads, ledger->stock);
    ensures ledger->stock == heads; */
static inline void tx_ledger_open(struct tx_ledger *ledger, uint32_t heads);

/*@ requires \valid_read(ledger) && in_books(ledger, ledger->stock);
    assigns \nothing;
    ensures owner(\result);
    ensures \result != 0 ==> id < all && place[id] >= ledger->stock;
    ensures id < all && place[id] >= ledger->stock ==>
        \result == owner_in(ledger->head[id]) && \result != 0; */
static inline uint16_t tx_ledger_owner(const struct tx_ledger *ledger, uint32_t id);

/*@ requires \valid_read(ledger) && in_books(ledger, ledger->stock) && owner != 0;
    assigns \nothing;
    ensures \result <==> id < all && place[id] >= ledger->stock && owner_in(ledger->head[id]) == owner; */
static inline bool tx_ledger_is(const struct tx_ledger *ledger, uint32_t id, uint16_t owner);

/* While some are entered, those in stock are those below `id`, the last one. */
/*@ requires \valid(ledger);
    requires id < all && in_books(ledger, place[id] + 1) && owner(owner) && owner != 0;
    requires owner_in(frame) == 0;
    assigns ledger->head[id];
    ensures in_books(ledger, place[id]);
    ensures frame_in(ledger->head[id]) == frame;
    ensures owner_in(ledger->head[id]) == owner; */
static inline void tx_ledger_enter(struct tx_ledger *ledger, uint32_t id, uint64_t frame,
                                   uint16_t owner);

/*@ requires \valid(ledger) && in_books(ledger, stock);
    requires id < TX_LEDGER_HEADS && owner_in(ledger->head[id]) != 0;
    assigns ledger->head[id], ledger->free[stock], order[..], place[..];
    ensures in_books(ledger, stock + 1);
    ensures owner_in(ledger->head[id]) == 0;
    ensures \result == frame_in(\old(ledger->head[id])); */
static inline uint64_t tx_ledger_take(struct tx_ledger *ledger, uint32_t id, uint32_t stock);

/*@ requires \valid(ledger) && in_books(ledger, ledger->stock) && client < CLIENTS;
    assigns ledger->head[..];
    ensures in_books(ledger, ledger->stock);
    ensures \forall integer i; 0 <= i < 256 ==> owner_in(ledger->head[i]) != client + 1; */
static inline void tx_ledger_forget(struct tx_ledger *ledger, unsigned client);
