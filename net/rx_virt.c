/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive virtualiser with copiers: owns the pool of receive buffers (pool.h) and
 * hands the frames in them to the copiers of the clients they are for.
 *
 * A buffer that the driver does not have belongs to the copiers that were given its frame;
 * when the last of them gives it back it is in stock again. A copier may have its share of
 * three quarters of the pool, the last one is the device's; frames beyond that are dropped,
 * and the others do not notice.
 *
 * A copier returns buffers by taking frames off its queue: which ones, our own entries
 * say, so there is nothing to check but the index. It does so without waking us: we look
 * when it has a good part of its share, and the device's part does not depend on it. So
 * an idle copier costs nothing, and a busy one a look per many frames.
 */
#include "takers.h"

static struct rx_virt {
    uint32_t share;  /* buffers that a copier may have */
    uint32_t few;    /* room in it with which we look for returned ones */
    uint32_t plenty; /* with more buffers, the driver needs none for now */
    struct rx_ledger ledger;
} virt;

/* ---- Copiers ---- */

/*
 * What it has taken off its queue is returned; our entries there say which buffers. An
 * index that goes back is as impossible as one that lies ahead.
 */
OUTLINE void take_returns(struct taker *copier)
{
    struct queue_producer *out = &copier->link.out;
    const struct net_frame *entries = (const void *)out->mine->entries;
    uint32_t mask = out->capacity - 1U;
    uint32_t used = out->capacity - queue_look_for_room(out);

    if (used > out->tail - copier->returned) {
        out->room = queue_producer_break(out);
    }
    if (link_broken(&copier->link)) {
        return;
    }
    for (; copier->returned != out->tail - used; copier->returned++) {
        rx_ledger_give_back(&virt.ledger, entries[copier->returned & mask].offset / NET_BUFFER_SIZE,
                            copier->bit);
    }
    out->room = least(virt.share, out->capacity) - used;
}

/* Its life is another than the one we know; false if it is not there. */
OUTLINE bool copier_renew(struct taker *copier)
{
    enum link_state state = link_renew(&copier->link);

    if (state == LINK_CAME_UP) {
        rx_ledger_take_from(&virt.ledger, copier->bit);
        copier->returned = 0;
        net_relay_tell(&rx.relay, &copier->link);
    }
    return state != LINK_DOWN;
}

/* Before a copier is given anything in a batch: lives, returns, room. */
INLINE void look_at(struct taker *copier)
{
    if (RARELY(!link_still_up(&copier->link)) && !copier_renew(copier)) {
        return; /* there is no room in it */
    }
    if (RARELY(copier->link.out.room <= virt.few)) {
        take_returns(copier);
    }
}

static void look_after(struct taker *copier)
{
    look_at(copier);
}

static uint32_t unread(const struct taker *copier)
{
    return copier->link.out.tail - copier->returned;
}

static uint32_t look_for_room(struct taker *copier)
{
    struct queue_producer *out = &copier->link.out;

    take_returns(copier);
    if (out->room == 0) {
        queue_show_wait(out, copier->returned);
        queue_fence();
        take_returns(copier);
    }
    return out->room;
}

/* Let a copier have the frame, if it can take it: then its bit is among the holders. */
INLINE struct taker *give(struct taker *copier, struct taker *batch, uint32_t id, size_t length,
                          uint64_t *holders)
{
    struct net_frame frame = {.offset = id * NET_BUFFER_SIZE + NET_HEADROOM,
                              .length = (uint16_t)length};

    if (copier->next == NULL) {
        copier->next = batch;
        batch = copier;
        look_at(copier);
    }
    if (RARELY(!net_frames_put(&copier->link.out, &frame))) {
        takers_fall_behind(&copier->link);
        return batch;
    }
    link_count(&copier->link, COUNT_BYTES, length);
    *holders |= copier->bit;
    return batch;
}

__attribute__((noinline, cold)) static struct taker *give_to_all(struct taker *batch, uint32_t id,
                                                                 size_t length)
{
    uint64_t holders = 0;

    for (unsigned i = 0; i < rx.number; i++) {
        batch = give(&rx.taker[i], batch, id, length, &holders);
    }
    rx_ledger_hand_on(&virt.ledger, id, holders);
    return batch;
}

/* Demultiplex by destination, the frame's first bytes. */
INLINE struct taker *deliver(struct taker *batch, uint32_t id, uint64_t first, size_t length)
{
    uint64_t holders = 0;

    struct taker *copier = rx.recent;

    if (RARELY(MAC_KEY(first) != rx.recent_key)) {
        if ((first & MULTICAST) != 0) {
            return give_to_all(batch, id, length);
        }
        copier = takers_search(MAC_KEY(first));
        if (copier == NULL) {
            rx_ledger_hand_on(&virt.ledger, id, 0);
            return batch;
        }
    }
    batch = give(copier, batch, id, length, &holders);
    rx_ledger_hand_on(&virt.ledger, id, holders);
    return batch;
}

/* ---- The driver ---- */

INLINE struct taker *take_all_done(struct taker *batch)
{
    struct link *driver = &rx.pool.driver;
    struct queue_taking in = queue_look_and_begin(&driver->in);
    struct net_rx_done done;
    uint64_t bytes = 0;

    while (net_rx_dones_next(&in, &done)) {
        if (RARELY(!pool_takes(&virt.ledger, done))) {
            pool_refuse(&rx.pool, &virt.ledger, done);
            continue;
        }
        if (RARELY(!rx.pool.coherent)) {
            pool_invalidate(&rx.pool, done.id);
        }
        batch = deliver(batch, done.id, word_at(pool_frame(&rx.pool, done.id)), done.length);
        bytes += done.length;
    }
    queue_taking_end(&driver->in, &in);
    link_count(driver, COUNT_BYTES, bytes);
    return batch;
}

/* More again when many of those were used; if a copier is behind, when half are. */
static uint32_t plenty(void)
{
    uint32_t with_driver = virt.ledger.with_driver;

    return takers_behind() ? with_driver / 2U : rx.pool.most - rx.pool.at_once;
}

OUTLINE void supply(void)
{
    pool_supply(&rx.pool, &virt.ledger, takers_behind() ? takers_room() : rx.pool.most);
    virt.plenty = plenty();
    publish_to_driver();
}

INLINE bool supply_due(void)
{
    return virt.ledger.with_driver <= virt.plenty ||
           rx.pool.driver.in.head - rx.pool.driver.in.released >= rx.pool.by;
}

/* It has reset the device, and has no buffers yet. */
static void renew(void)
{
    rx_ledger_take_all_back(&virt.ledger);
    supply();
}

/* ---- One frame alone ---- */

OUTLINE void refuse_one(struct net_rx_done done)
{
    pool_refuse(&rx.pool, &virt.ledger, done);
    skip_one();
}

/* One that is not for the usual copier, or finds something there not as usual. */
OUTLINE void deliver_one(uint32_t id, uint64_t first, size_t length)
{
    publish_one(deliver(LAST, id, first, length));
}

/*
 * One frame alone for whom the last one was for, with all as it should be: then no function is
 * called, and nothing has to be saved. What is not so goes on elsewhere.
 */
INLINE void receive_one(struct queue_taking *in)
{
    struct link *driver = &rx.pool.driver;
    struct taker *copier = rx.recent;
    struct net_rx_done done;

    (void)net_rx_dones_next(in, &done);
    if (RARELY(!pool_takes(&virt.ledger, done))) {
        refuse_one(done);
        return;
    }
    if (RARELY(!rx.pool.coherent)) {
        pool_invalidate(&rx.pool, done.id);
    }
    uint64_t first = word_at(pool_frame(&rx.pool, done.id));

    link_count(driver, COUNT_BYTES, done.length);
    if (RARELY(MAC_KEY(first) != rx.recent_key || !link_still_up(&copier->link) ||
               copier->link.out.room <= virt.few)) {
        deliver_one(done.id, first, done.length);
        return;
    }
    uint64_t frame = (uint64_t)done.length << 32U | (done.id * NET_BUFFER_SIZE + NET_HEADROOM);

    (void)net_words_put(&copier->link.out, &frame);
    link_count(&copier->link, COUNT_BYTES, done.length);
    rx_ledger_hand_on(&virt.ledger, done.id, copier->bit);
    queue_taking_end(&driver->in, in);
    bool asleep = publish_frames(&copier->link, 1, 0);

    if (RARELY(!asleep || supply_due())) {
        receive_more(asleep);
    }
}

/* ---- Entry points ---- */

void pd_start(void)
{
    takers_open(LINK_NET_RX_COPIER);
    for (unsigned i = 0; i < rx.number; i++) {
        rx.taker[i].bit = UINT64_C(1) << i;
    }
    pool_open(&rx.pool);
    rx_ledger_open(&virt.ledger, rx.pool.buffers);
    virt.plenty = plenty();
    virt.share = (rx.pool.buffers - rx.pool.buffers / 4U) / (rx.number == 0 ? 1U : rx.number);
    virt.few = virt.share - (virt.share + 7U) / 8U;
    wake_for_more(rx.pool.driver.channel);
}
