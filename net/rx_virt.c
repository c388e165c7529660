/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive virtualiser: owns the pool of receive buffers, hands them to the driver
 * and the frames in them to the copiers of the clients they are for.
 *
 * The ledger says of each buffer whether the driver has it and which copiers have it;
 * a buffer that nobody has goes back to the driver. Only who has a buffer can give it
 * back, so neither can end up with two owners. A copier may have a share of the pool
 * that leaves the device half of it; frames beyond that are dropped, and the others
 * do not notice.
 *
 * Copiers return buffers without waking us: what a copier has returned is looked at
 * before it is given more, and the device's half does not depend on it. So an idle
 * copier costs nothing, a busy one a look per batch.
 */
#include <string.h>

#include <quoll/dma.h>
#include <quoll/link.h>
#include <quoll/net.h>
#include <quoll/pd.h>

#include "info.h"

#define MAX_BUFFERS 1024U
#define MAX_COPIERS 61U /* channels, less the driver's */

#define DRIVER (UINT64_C(1) << 63) /* a copier's bit cannot be this one */

struct copier {
    struct link link;
    uint32_t held;     /* buffers that it has */
    uint32_t may_have; /* in this batch: its share; 0 if it is not there */
};

static struct rx_virt {
    struct link driver;
    struct net_relay relay;
    const unsigned char *pool;
    uint64_t pool_io;
    uint32_t buffers;
    uint32_t share; /* buffers that a copier may have */
    unsigned copiers;
    uint64_t looked; /* set of copiers whose link was checked in this batch */
    bool coherent;
    uint32_t stock; /* of free buffers */
    uint16_t free[MAX_BUFFERS];
    uint64_t holders[MAX_BUFFERS]; /* set of copiers, or DRIVER; empty: in stock */
    uint64_t mac[MAX_COPIERS];
    struct copier copier[MAX_COPIERS];
} virt;

static const uint64_t multicast_bit = 1; /* 802.3, 3.2.3: the first bit on the wire */

/* The six bytes as they lie in memory, the first one lowest; read once and for all. */
static inline uint64_t mac_at(const unsigned char *at)
{
    uint32_t low;
    uint16_t high;

    __builtin_memcpy(&low, at, sizeof low);
    __builtin_memcpy(&high, at + sizeof low, sizeof high);
    uint64_t mac = (uint64_t)high << 32 | low;

    __asm__ volatile("" : "+r"(mac));
    return mac;
}

static inline void put_in_stock(uint32_t id)
{
    virt.free[virt.stock] = (uint16_t)id;
    virt.stock += 1U;
}

/* ---- Copiers ---- */

static inline void drop_claim(struct copier *copier, uint64_t bit, uint32_t id)
{
    uint64_t left = virt.holders[id] & ~bit;

    virt.holders[id] = left;
    copier->held -= 1U;
    if (left == 0) {
        put_in_stock(id);
    }
}

/* Only a frame's own place, in a buffer that this copier has, counts. */
static void take_returns(struct copier *copier, uint64_t bit)
{
    unsigned refused = 0;

    (void)queue_look(&copier->link.in);
    struct queue_consumer in = queue_consumer_begin(&copier->link.in);
    struct net_frame frame;

    while (net_frames_take(&in, &frame)) {
        uint32_t id = frame.offset / NET_BUFFER_SIZE;

        if (id < virt.buffers && frame.offset % NET_BUFFER_SIZE == NET_HEADROOM &&
            (virt.holders[id] & bit) != 0) {
            drop_claim(copier, bit, id);
        } else {
            refused += 1U;
        }
    }
    queue_consumer_end(&copier->link.in, &in);
    link_count(&copier->link, COUNT_REFUSED, refused);
    link_release(&copier->link);
}

/* A copier's new life: what its old one had is ours again. */
static void drop_all_claims(struct copier *copier, uint64_t bit)
{
    for (uint32_t id = 0; id < virt.buffers && copier->held > 0; id++) {
        if ((virt.holders[id] & bit) != 0) {
            drop_claim(copier, bit, id);
        }
    }
}

/* Once per batch, before a copier is given anything: lives, returns, room. */
static void look_at(struct copier *copier, uint64_t bit)
{
    virt.looked |= bit;
    copier->may_have = 0;
    switch (link_check(&copier->link)) {
    case LINK_DOWN:
        return;
    case LINK_CAME_UP:
        drop_all_claims(copier, bit);
        net_relay_tell(&virt.relay, &copier->link);
        break;
    case LINK_UP:
        take_returns(copier, bit);
        break;
    }
    if (queue_look_for_room(&copier->link.out) == 0) {
        (void)link_broken(&copier->link);
    }
    copier->may_have = virt.share;
}

/* Let a copier have the frame, if it can take it; its bit if it could. */
static inline uint64_t give(unsigned number, uint32_t id, uint16_t length)
{
    struct copier *copier = &virt.copier[number];
    uint64_t bit = UINT64_C(1) << number;
    struct net_frame frame = {.offset = id * NET_BUFFER_SIZE + NET_HEADROOM, .length = length};

    if ((virt.looked & bit) == 0) {
        look_at(copier, bit);
    }
    if (copier->held >= copier->may_have || !net_frames_put(&copier->link.out, &frame)) {
        link_count(&copier->link, COUNT_DROPPED, 1);
        return 0;
    }
    link_count(&copier->link, COUNT_BYTES, length);
    copier->held += 1U;
    return bit;
}

static uint64_t give_to_all(uint32_t id, uint16_t length)
{
    uint64_t holders = 0;

    for (unsigned i = 0; i < virt.copiers; i++) {
        holders |= give(i, id, length);
    }
    return holders;
}

/* Demultiplex by destination, the frame's first bytes; the set of copiers that have it. */
static inline uint64_t deliver(uint32_t id, uint16_t length)
{
    const unsigned char *frame = virt.pool + (uint64_t)id * NET_BUFFER_SIZE + NET_HEADROOM;

    if (!virt.coherent) {
        cache_invalidate(frame - NET_HEADROOM, NET_BUFFER_SIZE);
    }
    uint64_t destination = mac_at(frame);

    if ((destination & multicast_bit) != 0) {
        return give_to_all(id, length);
    }
    for (unsigned i = 0; i < virt.copiers; i++) {
        if (virt.mac[i] == destination) {
            return give(i, id, length);
        }
    }
    return 0;
}

static void publish_to_copiers(void)
{
    for (uint64_t set = virt.looked; set != 0; set &= set - 1U) {
        link_publish(&virt.copier[__builtin_ctzll(set)].link);
    }
}

/* ---- The driver ---- */

/* What the driver says of one buffer; the bytes of the frame in it. */
static inline uint32_t take_done(const struct net_rx_done *done)
{
    uint32_t id = done->id;

    if (id >= virt.buffers || virt.holders[id] != DRIVER) {
        link_count(&virt.driver, COUNT_REFUSED, 1);
        return 0;
    }
    if (done->length < NET_FRAME_MIN || done->length > NET_FRAME_MAX) {
        link_count(&virt.driver, COUNT_REFUSED, done->length != 0);
        virt.holders[id] = 0;
        put_in_stock(id);
        return 0;
    }
    uint64_t holders = deliver(id, (uint16_t)done->length);

    virt.holders[id] = holders;
    if (holders == 0) {
        put_in_stock(id);
    }
    return done->length;
}

static void take_all_done(void)
{
    (void)queue_look(&virt.driver.in);
    struct queue_consumer in = queue_consumer_begin(&virt.driver.in);
    struct net_rx_done done;
    uint64_t bytes = 0;

    while (net_rx_dones_take(&in, &done)) {
        bytes += take_done(&done);
    }
    queue_consumer_end(&virt.driver.in, &in);
    link_count(&virt.driver, COUNT_BYTES, bytes);
}

/* Everything that nobody has goes to the device. */
static void supply(void)
{
    (void)queue_look_for_room(&virt.driver.out);
    struct queue_producer out = queue_producer_begin(&virt.driver.out);
    struct net_rx_buffer buffer = {0};
    uint32_t stock = virt.stock;

    for (; stock > 0 && out.room > 0; stock--) {
        buffer.id = virt.free[stock - 1U];
        buffer.address = virt.pool_io + (uint64_t)buffer.id * NET_BUFFER_SIZE;
        (void)net_rx_buffers_put(&out, &buffer);
        virt.holders[buffer.id] = DRIVER;
    }
    queue_producer_end(&virt.driver.out, &out);
    virt.stock = stock;
    link_publish(&virt.driver);
}

/* A new life of the driver, which has reset the device: nothing is with it. */
static void take_all_back(void)
{
    for (uint32_t id = 0; id < virt.buffers; id++) {
        if (virt.holders[id] == DRIVER) {
            virt.holders[id] = 0;
            put_in_stock(id);
        }
    }
}

static void receive(void)
{
    do {
        virt.looked = 0;
        take_all_done();
        publish_to_copiers();
        supply();
    } while (!link_sleep(&virt.driver));
    (void)link_broken(&virt.driver);
}

/* ---- Entry points ---- */

static void open_copiers(void)
{
    const struct quoll_link_config *config;

    while (virt.copiers < MAX_COPIERS &&
           (config = quoll_find_link(LINK_NET_RX_COPIER, NULL, virt.copiers)) != NULL) {
        virt.mac[virt.copiers] = mac_at(config->settings.net.mac);
        link_open(&virt.copier[virt.copiers].link, config, sizeof(struct net_frame));
        virt.copiers += 1U;
    }
}

void pd_start(void)
{
    const struct quoll_region_config *own = &quoll_config.own;

    virt.pool = (const unsigned char *)(uintptr_t)own->vaddr;
    virt.pool_io = quoll_io_address(own);
    virt.coherent = own->coherent != 0;
    virt.buffers = own->size / NET_BUFFER_SIZE < MAX_BUFFERS
                       ? (uint32_t)(own->size / NET_BUFFER_SIZE)
                       : MAX_BUFFERS;
    for (uint32_t id = virt.buffers; id > 0; id--) {
        put_in_stock(id - 1U);
    }
    open_copiers();
    virt.share = virt.buffers / 2U / (virt.copiers == 0 ? 1U : virt.copiers);
    if (!virt.coherent) {
        cache_clean(virt.pool, own->size); /* no line of ours may fall on what the device writes */
    }
    link_open(&virt.driver, quoll_find_link(LINK_NET_RX_DEVICE, NULL, 0),
              sizeof(struct net_rx_buffer));
    pd_wake(virt.driver.config->channel);
}

static void tell_all(void)
{
    for (unsigned i = 0; i < virt.copiers; i++) {
        net_relay_tell(&virt.relay, &virt.copier[i].link);
    }
}

static void wake_for_copier(microkit_channel channel)
{
    for (unsigned i = 0; i < virt.copiers; i++) {
        if (virt.copier[i].link.config->channel == channel) {
            link_count(&virt.copier[i].link, COUNT_WOKEN, 1);
            look_at(&virt.copier[i], UINT64_C(1) << i);
        }
    }
}

void pd_wake(microkit_channel channel)
{
    if (channel == virt.driver.config->channel) {
        link_count(&virt.driver, COUNT_WOKEN, 1);
    } else {
        wake_for_copier(channel);
    }
    enum link_state state = link_check(&virt.driver);

    if (state == LINK_CAME_UP) {
        take_all_back();
        net_relay_renew(&virt.relay);
    }
    if (net_relay_news(&virt.relay, &virt.driver)) {
        tell_all();
    }
    if (state != LINK_DOWN) {
        receive();
    }
}
