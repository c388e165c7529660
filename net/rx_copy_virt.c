/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copying receive virtualiser: owns the pool of receive buffers (pool.h) and copies
 * each frame straight into buffers that the clients gave whom it is for. To a client it is
 * what a copier is. With no copiers there are fewer protection domains and one hop less;
 * but one program can write what all clients receive (docs/architecture.md says when to
 * choose which).
 *
 * A pool buffer is in stock again as soon as its frame was copied, so no client can have
 * one, and nothing of the pool depends on what a client does. A client without a good
 * buffer of its own, or that takes nothing, loses its frames. Its queues are looked at once
 * per batch, so it can make us skip as many bad buffers per batch as its queue holds.
 *
 * The pool is ours through all lives of the driver, so a frame that is being copied is
 * nobody else's; and a client's new life finds in its own memory only what was for it.
 */
#include <string.h>

#include <quoll/link.h>
#include <quoll/net.h>
#include <quoll/pd.h>
#include <quoll/turn.h>

#include "frames.h"
#include "info.h"
#include "pool.h"

#define MAX_CLIENTS 61U /* channels, less the driver's */
#define ROUNDS      16U /* before we look after all clients */

struct client {
    struct link link;
    struct client *next; /* that something came for in this batch; NULL: nothing came for us */
    uint32_t delivered;  /* frames of this batch, */
    uint32_t taken;      /* and buffers shown as taken */
};

static struct rx_copy_virt {
    struct net_pool pool;
    struct net_relay relay;
    unsigned clients;
    unsigned turn;        /* who is woken first */
    struct client *batch; /* the first that something came for in this batch */
    uint32_t rounds;      /* that made a wake-up longer */
    uint64_t mac[MAX_CLIENTS];
    struct client client[MAX_CLIENTS];
} virt;

#define LAST (&virt.client[MAX_CLIENTS]) /* its end */

/* ---- Clients ---- */

/*
 * Once per batch, before a client is given anything. What we know from before of its
 * buffers and room will do if it is enough for all frames.
 */
__attribute__((always_inline)) static inline void look_at(struct client *client)
{
    uint32_t frames = virt.pool.driver.in.ready;

    client->next = virt.batch;
    virt.batch = client;
    if (link_check(&client->link) == LINK_DOWN) {
        return; /* there is no room in it */
    }
    if (client->link.in.ready < frames) {
        (void)queue_look(&client->link.in);
    }
    if (client->link.out.room < frames) {
        (void)queue_look_for_room(&client->link.out);
    }
}

/* The place that a client has for the frame, which it is told of; NULL if it has none. */
__attribute__((always_inline)) static inline unsigned char *place_for(struct link *link,
                                                                      uint16_t length)
{
    struct queue_taking buffers = queue_taking_begin(&link->in);
    struct net_frame frame;
    bool found = link->out.room > 0 && client_buffer(link, &buffers, length, &frame);

    queue_taking_end(&link->in, &buffers);
    if (!found) {
        return NULL;
    }
    frame = (struct net_frame){.offset = frame.offset, .length = length};
    (void)net_frames_put(&link->out, &frame);
    return (unsigned char *)(uintptr_t)link->config->data.vaddr + frame.offset;
}

/*
 * Let a client have the frame, if it can take it. Its first word is the one that was judged;
 * only what follows is still read from the pool.
 */
__attribute__((noinline)) static void give(struct client *client, const unsigned char *from,
                                           uint64_t first, uint16_t length)
{
    unsigned char *to = place_for(&client->link, length);

    if (to == NULL) {
        link_count(&client->link, COUNT_DROPPED, 1);
        return;
    }
    link_count(&client->link, COUNT_BYTES, length);
    __builtin_memcpy(to, &first, sizeof first);
    memcpy(to + sizeof first, from + sizeof first, length - sizeof first);
}

static inline void look_and_give(struct client *client, const unsigned char *from, uint64_t first,
                                 uint16_t length)
{
    KEEP(client);
    if (client->next == NULL) {
        look_at(client);
    }
    give(client, from, first, length);
}

__attribute__((noinline)) static void give_to_all(const unsigned char *frame, uint64_t first,
                                                  uint16_t length)
{
    for (unsigned i = 0; i < virt.clients; i++) {
        look_and_give(&virt.client[i], frame, first, length);
    }
}

/* Demultiplex by destination, the frame's first bytes. */
static inline void deliver(const unsigned char *frame, uint16_t length)
{
    uint64_t first = word_at(frame);

    if ((first & MULTICAST) != 0) {
        give_to_all(frame, first, length);
        return;
    }
    for (unsigned i = 0; i < virt.clients; i++) {
        if (virt.mac[i] == (first & MAC_BYTES)) {
            look_and_give(&virt.client[i], frame, first, length);
            return;
        }
    }
}

static void show_to_clients(void)
{
    for (struct client *client = virt.batch; client != LAST; client = client->next) {
        client->delivered = link_show_tail(&client->link);
        client->taken = link_show_head_by_batch(&client->link);
    }
}

static inline void wake_client(struct client *client)
{
    link_wake(&client->link, client->delivered, client->taken);
    client->next = NULL;
}

/* Of several another one comes first each time (quoll/turn.h). */
__attribute__((noinline)) static void wake_in_turn(void)
{
    unsigned at = turn_next(&virt.turn, virt.clients);

    for (unsigned n = virt.clients; n > 0; n--) {
        if (virt.client[at].next != NULL) {
            wake_client(&virt.client[at]);
        }
        (void)turn_next(&at, virt.clients);
    }
}

static inline void wake_clients(void)
{
    struct client *first = virt.batch;

    if (first != LAST && first->next == LAST) {
        wake_client(first);
    } else if (first != LAST) {
        wake_in_turn();
    }
}

/* ---- The driver ---- */

static void take_all_done(void)
{
    struct queue_taking in = queue_taking_begin(&virt.pool.driver.in);
    struct net_rx_done done;
    uint64_t bytes = 0;

    while (net_rx_dones_next(&in, &done)) {
        if (pool_take(&virt.pool, &done)) {
            bytes += done.length;
            rx_ledger_hand_on(&virt.pool.ledger, done.id, 0);
            deliver(pool_frame(&virt.pool, done.id), (uint16_t)done.length);
        }
    }
    queue_taking_end(&virt.pool.driver.in, &in);
    link_count(&virt.pool.driver, COUNT_BYTES, bytes);
}

/* Show all their frames and buffers, and go to sleep; false if the driver has more. */
static bool publish_and_sleep(void)
{
    struct link *driver = &virt.pool.driver;

    show_to_clients();
    uint32_t given = driver->out.tail != driver->out.published ? link_show_tail(driver) : 0;
    uint32_t taken = link_show_head_by_batch(driver);

    queue_show_sleep(&driver->in);
    queue_fence();
    wake_clients();
    link_wake(driver, given, taken);
    return queue_look(&driver->in) == 0;
}

__attribute__((noinline)) static void tell_all(void)
{
    for (unsigned i = 0; i < virt.clients; i++) {
        net_relay_tell(&virt.relay, &virt.client[i].link);
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
        for (unsigned i = 0; i < virt.clients; i++) {
            (void)link_check(&virt.client[i].link);
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

static void open_clients(void)
{
    const struct quoll_link_config *config;

    while (virt.clients < MAX_CLIENTS &&
           (config = quoll_find_link(LINK_NET_RX_CLIENT, NULL, virt.clients)) != NULL) {
        virt.mac[virt.clients] = mac_at(config->settings.net.mac);
        link_open(&virt.client[virt.clients].link, config, sizeof(struct net_frame));
        virt.clients += 1U;
    }
}

void pd_start(void)
{
    open_clients();
    pool_open(&virt.pool);
    pd_wake(virt.pool.driver.config->channel);
}

__attribute__((noinline)) static void wake_for_client(microkit_channel channel)
{
    for (unsigned i = 0; i < virt.clients; i++) {
        if (virt.client[i].link.config->channel == channel) {
            link_count(&virt.client[i].link, COUNT_WOKEN, 1);
            (void)link_check(&virt.client[i].link);
        }
    }
}

void pd_wake(microkit_channel channel)
{
    struct link *driver = &virt.pool.driver;

    if (channel == driver->config->channel) {
        link_count(driver, COUNT_WOKEN, 1);
    } else {
        wake_for_client(channel);
    }
    enum link_state state = link_check(driver);

    if (state == LINK_CAME_UP) {
        rx_ledger_take_all_back(&virt.pool.ledger); /* which has reset the device */
        net_relay_renew(&virt.relay);
    }
    pass_on_news();
    if (state != LINK_DOWN) {
        receive();
    }
}
