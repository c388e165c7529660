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

#include "frames.h"
#include "info.h"
#include "pool.h"

#define MAX_CLIENTS 61U /* channels, less the driver's */
#define ROUNDS      16U /* before we look after all clients */

struct client {
    struct link link;
    uint32_t delivered; /* frames of this batch, */
    uint32_t given;     /* and buffers that they took */
};

static struct rx_copy_virt {
    struct net_pool pool;
    struct net_relay relay;
    unsigned clients;
    uint64_t looked; /* set of clients whose link was checked in this batch */
    uint32_t rounds; /* that made a wake-up longer */
    uint64_t mac[MAX_CLIENTS];
    struct client client[MAX_CLIENTS];
} virt;

static const uint64_t multicast_bit = 1; /* 802.3, 3.2.3: the first bit on the wire */

/* ---- Clients ---- */

/* Once per batch, before a client is given anything: life, buffers, room. */
static inline void look_at(struct client *client, uint64_t bit)
{
    virt.looked |= bit;
    if (link_check(&client->link) != LINK_DOWN) {
        (void)queue_look(&client->link.in);
        (void)queue_look_for_room(&client->link.out);
    }
}

/*
 * Let a client have the frame, if it has room and a buffer for it. Its first word is the
 * one that was judged; only what follows is still read from the pool.
 */
static inline void give(unsigned number, const unsigned char *from, uint64_t first, uint16_t length)
{
    struct link *link = &virt.client[number].link;

    if ((virt.looked & UINT64_C(1) << number) == 0) {
        look_at(&virt.client[number], UINT64_C(1) << number);
    }
    struct queue_taking buffers = queue_taking_begin(&link->in);
    struct net_frame frame;
    bool good = link->out.room > 0 && client_buffer(link, &buffers, length, &frame);

    queue_taking_end(&link->in, &buffers);
    if (!good) {
        link_count(link, COUNT_DROPPED, 1);
        return;
    }
    unsigned char *to = (unsigned char *)(uintptr_t)link->config->data.vaddr + frame.offset;

    __builtin_memcpy(to, &first, sizeof first);
    memcpy(to + sizeof first, from + sizeof first, length - sizeof first);
    frame = (struct net_frame){.offset = frame.offset, .length = length};
    (void)net_frames_put(&link->out, &frame);
    link_count(link, COUNT_BYTES, length);
}

/* Demultiplex by destination, the frame's first bytes. */
static inline void deliver(const unsigned char *frame, uint16_t length)
{
    uint64_t first = word_at(frame), destination = first & MAC_BYTES;
    bool all = (destination & multicast_bit) != 0;

    for (unsigned i = 0; i < virt.clients; i++) {
        if (all || virt.mac[i] == destination) {
            give(i, frame, first, length);
        }
    }
}

static void show_to_clients(void)
{
    for (uint64_t set = virt.looked; set != 0; set &= set - 1U) {
        struct client *client = &virt.client[__builtin_ctzll(set)];

        client->delivered = link_show_tail(&client->link);
        client->given = link_show_head(&client->link);
    }
}

static void wake_clients(void)
{
    for (uint64_t set = virt.looked; set != 0; set &= set - 1U) {
        struct client *client = &virt.client[__builtin_ctzll(set)];

        link_wake(&client->link, client->delivered, client->given);
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
            deliver(pool_frame(&virt.pool, done.id), (uint16_t)done.length);
            rx_ledger_hand_on(&virt.pool.ledger, done.id, 0);
            bytes += done.length;
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
    uint32_t given = link_show_tail(driver);
    uint32_t taken = link_show_head(driver);

    queue_show_sleep(&driver->in);
    queue_fence();
    wake_clients();
    link_wake(driver, given, taken);
    return queue_look(&driver->in) == 0;
}

static void tell_all(void)
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
        virt.looked = 0;
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

static void wake_for_client(microkit_channel channel)
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
