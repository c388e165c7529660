/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both receive virtualisers do for those who take the frames, clients or copiers, beside
 * handing them frames: who is whose address, who got something in a batch and is to be woken,
 * information, lives, wake-ups. Who includes this, once per program, says
 *
 *     look_after(taker)   looks at its life; before each batch with something for it, when it
 *                         notifies us, and now and then
 *     look_for_room(taker)  how many frames more it can take; if none, it will notify us
 *     unread(taker)       how many it has not taken yet
 *     renew()             the driver's new life begins
 *     take_all_done(list) hands on what the driver has; who got something is put before the list
 *     receive_one(in)     the whole way of one frame alone, looked at already: straight code
 *     supply_due()        whether the driver is to get buffers now,
 *     supply()            which it does then
 *
 * Where frames come faster than they are taken, to receive them only to drop them would take
 * the time of those who are to take them. So once one had to be dropped, the device has no more
 * buffers than there is room for at all takers together, until each has more room than it has
 * frames to take. What comes beyond that is lost in the device, at no cost. A taker that takes
 * nothing keeps no buffers from the others: as much as these can take, the device has.
 */
#ifndef NET_TAKERS_H
#define NET_TAKERS_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/link.h>
#include <quoll/net.h>
#include <quoll/pd.h>
#include <quoll/turn.h>

#include "frames.h"
#include "info.h"
#include "pool.h"

#define MAX_TAKERS 61U /* channels, less the driver's */
#define ROUNDS     16U /* before we look after all takers */

#define INLINE  __attribute__((always_inline)) static inline
#define OUTLINE __attribute__((noinline)) static

/* What is rare has its calls: what is not keeps to registers that no call preserves. */
#define USUALLY(truth) __builtin_expect((truth), 1)
#define RARELY(truth)  __builtin_expect((truth), 0)

struct taker {
    struct link link;
    struct taker *next;  /* that something came for in this batch; NULL: nothing came for us */
    uint32_t delivered;  /* frames of this batch, */
    uint32_t taken;      /* and buffers shown as taken */
    unsigned char *data; /* where a client's buffers are, */
    uint64_t size;       /* and how many bytes that is */
    uint64_t bit;        /* by which the ledger knows a copier */
    uint32_t returned;   /* frames put into its queue of which it has returned the buffers */
};

/* The receive virtualiser, as far as it is the same: what is used at each wake-up comes first. */
static struct receiving {
    struct net_pool pool;
    struct net_relay relay;
    unsigned number;
    unsigned turn;        /* who is woken first */
    uint32_t rounds;      /* that made a wake-up longer */
    uint64_t recent_key;  /* whose frame came last, */
    struct taker *recent; /* and to whom it went */
    uint64_t key[MAX_TAKERS];
    struct taker taker[MAX_TAKERS + 1U]; /* and who ends the list */
} rx;

#define LAST (&rx.taker[MAX_TAKERS]) /* the list's end */

/* A MAC address, to be compared with a frame's first word: what follows it falls out. */
#define MAC_KEY(word) ((word) << 16)
#define NO_KEY        UINT64_C(1)

static void look_after(struct taker *taker);
static uint32_t look_for_room(struct taker *taker);
static uint32_t unread(const struct taker *taker);
static void renew(void);
static struct taker *take_all_done(struct taker *batch);
static void receive_one(struct queue_taking *in);
static bool supply_due(void);
static void supply(void);

/** From pd_start(): the links of a kind. */
static void takers_open(enum quoll_link_kind kind)
{
    const struct quoll_link_config *config;

    while (rx.number < MAX_TAKERS && (config = quoll_find_link(kind, NULL, rx.number)) != NULL) {
        rx.key[rx.number] = MAC_KEY(word_at(config->settings.net.mac));
        link_open(&rx.taker[rx.number].link, config, sizeof(struct net_frame));
        rx.number += 1U;
    }
    rx.recent_key = NO_KEY;
}

/* Whose address it is; NULL: nobody's. */
__attribute__((noinline, cold)) static struct taker *takers_search(uint64_t key)
{
    for (unsigned i = 0; i < rx.number; i++) {
        if (rx.key[i] == key) {
            rx.recent_key = key;
            rx.recent = &rx.taker[i];
            return rx.recent;
        }
    }
    return NULL;
}

/**
 * Only one got something, so many frames: they are shown, and it is woken after the fence. `taken`:
 * of its buffers, those shown as taken. True if the driver has no more.
 */
INLINE bool publish_frames(struct link *link, uint32_t delivered, uint32_t taken)
{
    const struct queue_consumer_half *peer = link->out.peer;
    uint32_t tail = link->out.tail;

    link_count(link, COUNT_PUT, delivered);
    (void)queue_show_tail(&link->out);
    bool asleep = queue_sleep(&rx.pool.driver.in);

    if (queue_entries_awaited_from(peer, tail, delivered)) {
        link_signal(link);
    } else if (RARELY(taken != 0)) {
        link_wake(link, 0, taken);
    }
    return asleep;
}

/** The one in the batch has all its frames. */
INLINE bool publish_to_one(struct taker *taker)
{
    struct link *link = &taker->link;
    uint32_t delivered = link->out.tail - link->out.published;

    taker->next = NULL;
    return publish_frames(link, delivered, link_show_head_by_batch(link));
}

/* Of several another one comes first each time (quoll/turn.h). */
static void wake_in_turn(void)
{
    unsigned at = turn_next(&rx.turn, rx.number);

    for (unsigned n = rx.number; n > 0; n--) {
        struct taker *taker = &rx.taker[at];

        if (taker->next != NULL) {
            link_wake(&taker->link, taker->delivered, taker->taken);
            taker->next = NULL;
        }
        (void)turn_next(&at, rx.number);
    }
}

OUTLINE bool publish_to_all(struct taker *batch)
{
    for (struct taker *taker = batch; taker != LAST; taker = taker->next) {
        taker->delivered = link_show_tail(&taker->link);
        taker->taken = link_show_head_by_batch(&taker->link);
    }
    bool asleep = queue_sleep(&rx.pool.driver.in);

    wake_in_turn();
    return asleep;
}

/**
 * Show all in the batch what they got, and go to sleep: one fence for all. True if the driver
 * has no more. `last` is LAST.
 */
INLINE bool takers_publish(struct taker *batch, const struct taker *last)
{
    return USUALLY(batch->next == last) ? publish_to_one(batch) : publish_to_all(batch);
}

/* ---- Those who are behind ---- */

/** A frame is dropped: there is no room for it. From now on we look each time. */
static inline void takers_fall_behind(struct link *taker)
{
    link_count(taker, COUNT_DROPPED, 1);
    rx.pool.by = 0;
}

static inline bool takers_behind(void)
{
    return rx.pool.by != rx.pool.at_once;
}

/** How many buffers the driver may have, as long as somebody is behind. */
OUTLINE uint32_t takers_room(void)
{
    uint32_t room = 0;
    bool behind = false;

    for (unsigned i = 0; i < rx.number; i++) {
        struct taker *taker = &rx.taker[i];

        look_after(taker);
        if (taker->link.up && !link_broken(&taker->link)) {
            uint32_t more = look_for_room(taker);

            behind = behind || more < unread(taker);
            room += more;
        }
    }
    if (!behind) {
        rx.pool.by = rx.pool.at_once;
        return rx.pool.most;
    }
    rx.pool.by = least(room, rx.pool.at_once - 1U);
    return least(room, rx.pool.most);
}

/** The driver gets its buffers by many at once. */
OUTLINE void publish_to_driver(void)
{
    link_publish(&rx.pool.driver);
    link_release(&rx.pool.driver);
}

OUTLINE void pass_on_news(void)
{
    if (net_relay_news(&rx.relay, &rx.pool.driver)) {
        for (unsigned i = 0; i < rx.number; i++) {
            net_relay_tell(&rx.relay, &rx.taker[i].link);
        }
    }
}

/*
 * A driver on another core may have more for ever: now and then, we look at what else we may
 * have been notified of. False if its life is over; the next one will notify us.
 */
OUTLINE bool go_on(void)
{
    rx.rounds += 1U;
    if (rx.rounds % ROUNDS == 0) {
        for (unsigned i = 0; i < rx.number; i++) {
            look_after(&rx.taker[i]);
        }
        pass_on_news();
    }
    return link_still_up(&rx.pool.driver);
}

OUTLINE void wake_for_taker(microkit_channel channel)
{
    for (unsigned i = 0; i < rx.number; i++) {
        if (rx.taker[i].link.config->channel == channel) {
            link_count(&rx.taker[i].link, COUNT_WOKEN, 1);
            look_after(&rx.taker[i]);
        }
    }
}

/* What is new beside frames. Whether the driver is there. */
OUTLINE bool catch_up(void)
{
    enum link_state state = link_check(&rx.pool.driver);

    if (state == LINK_CAME_UP) {
        net_relay_renew(&rx.relay);
        renew();
    }
    pass_on_news();
    return state != LINK_DOWN;
}

/* ---- Wake-ups ---- */

/* What the driver has, in a batch. True if it has no more. */
static bool receive(void)
{
    struct taker *last = LAST;

    KEEP(last);
    bool asleep = takers_publish(take_all_done(last), last);

    if (RARELY(supply_due())) {
        supply();
    }
    return asleep;
}

OUTLINE void receive_all(void)
{
    while (!receive() && go_on()) {}
}

/** After one frame alone. */
OUTLINE void receive_more(bool asleep)
{
    if (supply_due()) {
        supply();
    }
    if (!asleep && go_on()) {
        receive_all();
    }
}

/** One frame alone was handed on the long way, and who got it is before the list. */
OUTLINE void publish_one(struct taker *batch)
{
    net_rx_dones_drop(&rx.pool.driver.in);
    receive_more(takers_publish(batch, LAST));
}

/** There was none in what the driver said. */
OUTLINE void skip_one(void)
{
    net_rx_dones_drop(&rx.pool.driver.in);
    receive_more(false);
}

/** A notification that is not only about frames. */
OUTLINE void wake_for_more(microkit_channel channel)
{
    if (channel == rx.pool.driver.channel) {
        link_count(&rx.pool.driver, COUNT_WOKEN, 1);
    } else {
        wake_for_taker(channel);
    }
    if (catch_up()) {
        receive_all();
    }
}

/* Whether a wake-up is about frames, and all else is as it was. */
INLINE bool unchanged(microkit_channel channel)
{
    struct link *driver = &rx.pool.driver;

    return channel == driver->channel && link_still_up(driver) &&
           link_generation(driver) == rx.relay.generation;
}

void pd_wake(microkit_channel channel)
{
    if (RARELY(!unchanged(channel))) {
        wake_for_more(channel);
        return;
    }
    link_count(&rx.pool.driver, COUNT_WOKEN, 1);
    struct queue_taking in = queue_look_and_begin(&rx.pool.driver.in);

    if (USUALLY(in.end == in.at + 1U)) {
        receive_one(&in);
    } else {
        receive_all();
    }
}

#endif
