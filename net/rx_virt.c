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
#include <quoll/link.h>
#include <quoll/net.h>
#include <quoll/pd.h>
#include <quoll/turn.h>

#include "frames.h"
#include "info.h"
#include "pool.h"

#define MAX_COPIERS 61U /* channels, less the driver's */
#define ROUNDS      16U /* before we look after all copiers */

struct copier {
    struct link link;
    struct copier *next; /* that something came for in this batch; NULL: nothing came for us */
    uint64_t bit;        /* by which the ledger knows it */
    uint32_t returned;   /* frames put into its queue of which it has returned the buffers */
    uint32_t fresh;      /* frames of this batch */
};

static struct rx_virt {
    struct net_pool pool; /* buffers that the driver does not have: which copiers have them */
    struct net_relay relay;
    uint32_t share; /* buffers that a copier may have */
    uint32_t few;   /* room in it with which we look for returned ones */
    unsigned copiers;
    unsigned turn;        /* who is woken first */
    struct copier *batch; /* the first that something came for in this batch */
    uint32_t rounds;      /* that made a wake-up longer */
    uint64_t mac[MAX_COPIERS];
    struct copier copier[MAX_COPIERS];
} virt;

#define LAST (&virt.copier[MAX_COPIERS]) /* its end */

/* ---- Copiers ---- */

/*
 * What it has taken off its queue is returned; our entries there say which buffers. An
 * index that goes back is as impossible as one that lies ahead.
 */
__attribute__((noinline)) static void take_returns(struct copier *copier)
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
        rx_ledger_give_back(&virt.pool.ledger,
                            entries[copier->returned & mask].offset / NET_BUFFER_SIZE, copier->bit);
    }
    out->room = least(virt.share, out->capacity) - used;
}

/* Once per batch, before a copier is given anything: lives, returns, room. */
__attribute__((always_inline)) static inline void look_at(struct copier *copier)
{
    enum link_state state = link_check(&copier->link);

    if (state == LINK_DOWN) {
        return; /* there is no room in it */
    }
    if (state == LINK_CAME_UP) {
        rx_ledger_take_from(&virt.pool.ledger, copier->bit);
        copier->returned = 0;
        net_relay_tell(&virt.relay, &copier->link);
    }
    if (copier->link.out.room <= virt.few) {
        take_returns(copier);
    }
}

/* Let a copier have the frame, if it can take it; its bit if it could. */
__attribute__((always_inline)) static inline uint64_t give(struct copier *copier, uint32_t id,
                                                           uint16_t length)
{
    struct net_frame frame = {.offset = id * NET_BUFFER_SIZE + NET_HEADROOM, .length = length};

    KEEP(copier);
    if (copier->next == NULL) {
        copier->next = virt.batch;
        virt.batch = copier;
        look_at(copier);
    }
    if (!net_frames_put(&copier->link.out, &frame)) {
        link_count(&copier->link, COUNT_DROPPED, 1);
        return 0;
    }
    link_count(&copier->link, COUNT_BYTES, length);
    return copier->bit;
}

__attribute__((noinline)) static uint64_t give_to_all(uint32_t id, uint16_t length)
{
    uint64_t holders = 0;

    for (unsigned i = 0; i < virt.copiers; i++) {
        holders |= give(&virt.copier[i], id, length);
    }
    return holders;
}

/* Demultiplex by destination, the frame's first bytes; the set of copiers that have it. */
static inline uint64_t deliver(uint32_t id, uint16_t length)
{
    uint64_t destination = mac_at(pool_frame(&virt.pool.memory, id));

    if ((destination & MULTICAST) != 0) {
        return give_to_all(id, length);
    }
    for (unsigned i = 0; i < virt.copiers; i++) {
        if (virt.mac[i] == destination) {
            return give(&virt.copier[i], id, length);
        }
    }
    return 0;
}

/* ---- The driver ---- */

static void take_all_done(void)
{
    struct queue_taking in = queue_taking_begin(&virt.pool.driver.in);
    struct net_rx_done done;
    uint64_t bytes = 0;

    while (net_rx_dones_next(&in, &done)) {
        if (!pool_take(&virt.pool, &done)) {
            continue;
        }
        if (!virt.pool.memory.coherent) {
            pool_invalidate(&virt.pool.memory, done.id);
        }
        rx_ledger_hand_on(&virt.pool.ledger, done.id, deliver(done.id, (uint16_t)done.length));
        bytes += done.length;
    }
    queue_taking_end(&virt.pool.driver.in, &in);
    link_count(&virt.pool.driver, COUNT_BYTES, bytes);
}

static void show_to_copiers(void)
{
    for (struct copier *copier = virt.batch; copier != LAST; copier = copier->next) {
        copier->fresh = link_show_tail(&copier->link);
    }
}

static inline void wake_copier(struct copier *copier)
{
    link_wake(&copier->link, copier->fresh, 0);
    copier->next = NULL;
}

/* Of several another one comes first each time (quoll/turn.h). */
__attribute__((noinline)) static void wake_in_turn(void)
{
    unsigned at = turn_next(&virt.turn, virt.copiers);

    for (unsigned n = virt.copiers; n > 0; n--) {
        if (virt.copier[at].next != NULL) {
            wake_copier(&virt.copier[at]);
        }
        (void)turn_next(&at, virt.copiers);
    }
}

static inline void wake_copiers(void)
{
    struct copier *first = virt.batch;

    if (first != LAST && first->next == LAST) {
        wake_copier(first);
    } else if (first != LAST) {
        wake_in_turn();
    }
}

/* Show all their new frames and buffers, and go to sleep; false if the driver has more. */
static bool publish_and_sleep(void)
{
    struct link *driver = &virt.pool.driver;

    show_to_copiers();
    uint32_t given = driver->out.tail != driver->out.published ? link_show_tail(driver) : 0;
    uint32_t taken = link_show_head_by_batch(driver);

    queue_show_sleep(&driver->in);
    queue_fence();
    wake_copiers();
    link_wake(driver, given, taken);
    return queue_look(&driver->in) == 0;
}

__attribute__((noinline)) static void tell_all(void)
{
    for (unsigned i = 0; i < virt.copiers; i++) {
        net_relay_tell(&virt.relay, &virt.copier[i].link);
    }
}

static inline void pass_on_news(void)
{
    if (net_relay_news(&virt.relay, &virt.pool.driver)) {
        tell_all();
    }
}

/*
 * A driver on another core may have more for ever: now and then, we look at what else we may
 * have been notified of. False if its life is over; the next one will notify us.
 */
__attribute__((noinline)) static bool go_on(void)
{
    virt.rounds += 1U;
    if (virt.rounds % ROUNDS == 0) {
        for (unsigned i = 0; i < virt.copiers; i++) {
            look_at(&virt.copier[i]);
        }
        pass_on_news();
    }
    return link_still_up(&virt.pool.driver);
}

static void receive(void)
{
    (void)queue_look(&virt.pool.driver.in);
    do {
        virt.batch = LAST;
        take_all_done();
        if (virt.pool.ledger.with_driver <= virt.pool.plenty) {
            pool_supply(&virt.pool);
        }
    } while (!publish_and_sleep() && go_on());
}

/* ---- Entry points ---- */

static void open_copiers(void)
{
    const struct quoll_link_config *config;

    while (virt.copiers < MAX_COPIERS &&
           (config = quoll_find_link(LINK_NET_RX_COPIER, NULL, virt.copiers)) != NULL) {
        virt.mac[virt.copiers] = mac_at(config->settings.net.mac);
        virt.copier[virt.copiers].bit = UINT64_C(1) << virt.copiers;
        link_open(&virt.copier[virt.copiers].link, config, sizeof(struct net_frame));
        virt.copiers += 1U;
    }
}

void pd_start(void)
{
    open_copiers();
    pool_open(&virt.pool);
    virt.share = (virt.pool.ledger.buffers - virt.pool.ledger.buffers / 4U) /
                 (virt.copiers == 0 ? 1U : virt.copiers);
    virt.few = virt.share - (virt.share + 7U) / 8U;
    pd_wake(virt.pool.driver.config->channel);
}

__attribute__((noinline)) static void wake_for_copier(microkit_channel channel)
{
    for (unsigned i = 0; i < virt.copiers; i++) {
        if (virt.copier[i].link.config->channel == channel) {
            link_count(&virt.copier[i].link, COUNT_WOKEN, 1);
            look_at(&virt.copier[i]);
        }
    }
}

void pd_wake(microkit_channel channel)
{
    if (channel == virt.pool.driver.config->channel) {
        link_count(&virt.pool.driver, COUNT_WOKEN, 1);
    } else {
        wake_for_copier(channel);
    }
    enum link_state state = link_check(&virt.pool.driver);

    if (state == LINK_CAME_UP) {
        rx_ledger_take_all_back(&virt.pool.ledger); /* which has reset the device */
        net_relay_renew(&virt.relay);
    }
    pass_on_news();
    if (state != LINK_DOWN) {
        receive();
    }
}
