/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by WP: what the pool of receive buffers takes from a driver, whatever that says: a
 * buffer that the driver has, with a frame of a length that frames have. What is refused
 * leaves the ledger as it was, but for a buffer that the driver gives back without a frame.
 */
#include "rx_ledger.c"

#include "net/pool.c"

#define LEDGER(pool) (&pool->ledger)

/*@ requires \valid(link) && which <= COUNT_REFUSED && \valid(link->counters + (0 .. COUNT_REFUSED));
    assigns link->counters[which]; */
static inline void link_count(struct link *link, enum quoll_link_counter which, uint64_t by);

/* The counters are a page of their own. */
/*@ requires \valid(pool) && \valid_read(done) && \separated(done, pool) && in_books(LEDGER(pool));
    requires \valid(pool->driver.counters + (0 .. COUNT_REFUSED));
    requires \separated(pool, done, pool->driver.counters + (0 .. COUNT_REFUSED));
    assigns pool->driver.counters[COUNT_REFUSED];
    assigns pool->ledger.holders[done->id], pool->ledger.free[pool->ledger.stock];
    assigns pool->ledger.stock, pool->ledger.with_driver, order[..], place[..];
    ensures in_books(LEDGER(pool)); */
void pool_refuse(struct net_pool *pool, const struct net_rx_done *done);

/*@ requires \valid(pool) && \valid_read(done) && \separated(done, pool) && in_books(LEDGER(pool));
    requires \valid(pool->driver.counters + (0 .. COUNT_REFUSED));
    requires \separated(pool, done, pool->driver.counters + (0 .. COUNT_REFUSED));
    assigns pool->driver.counters[COUNT_REFUSED];
    assigns pool->ledger.holders[done->id], pool->ledger.free[pool->ledger.stock];
    assigns pool->ledger.stock, pool->ledger.with_driver, order[..], place[..];
    ensures in_books(LEDGER(pool));
    ensures \result ==> done->id < pool->ledger.buffers && pool->ledger.holders[done->id] == DRIVER;
    ensures \result ==> NET_FRAME_MIN <= done->length <= NET_FRAME_MAX; */
static inline bool pool_take(struct net_pool *pool, const struct net_rx_done *done);
