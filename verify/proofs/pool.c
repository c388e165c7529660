/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by WP: what the pool of receive buffers takes from a driver, whatever that says: a
 * buffer that the driver has, with a frame of a length that frames have. What is refused
 * leaves the ledger as it was, but for a buffer that the driver gives back without a frame.
 */
#include "rx_ledger.c"

#include "net/pool.c"

/*@ requires \valid(link) && which <= COUNT_REFUSED && \valid(link->counters + (0 .. COUNT_REFUSED));
    assigns link->counters[which]; */
static inline void link_count(struct link *link, enum quoll_link_counter which, uint64_t by);

/*@ assigns \nothing;
    ensures \result <==> NET_FRAME_MIN <= length <= NET_FRAME_MAX; */
static inline bool is_frame(uint64_t length);

/* The counters are a page of their own. */
/*@ requires \valid(pool) && \valid(ledger) && in_books(ledger);
    requires \valid(pool->driver.counters + (0 .. COUNT_REFUSED));
    requires \separated(pool, ledger, pool->driver.counters + (0 .. COUNT_REFUSED));
    assigns pool->driver.counters[COUNT_REFUSED];
    assigns ledger->holders[done.id], ledger->free[ledger->stock];
    assigns ledger->stock, ledger->with_driver, order[..], place[..];
    ensures in_books(ledger); */
void pool_refuse(struct net_pool *pool, struct rx_ledger *ledger, struct net_rx_done done);

/*@ requires \valid_read(ledger) && in_books(ledger);
    assigns \nothing;
    ensures \result <==> done.id < ledger->buffers && ledger->holders[done.id] == DRIVER &&
                         NET_FRAME_MIN <= done.length <= NET_FRAME_MAX; */
static inline bool pool_takes(const struct rx_ledger *ledger, struct net_rx_done done);
