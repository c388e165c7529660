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
 * A copier returns buffers by taking frames off its queue: which ones, our own entries
 * say, so there is nothing to check but the index. It does so without waking us: we look
 * when it has a good part of its share, and the device's half does not depend on it. So
 * an idle copier costs nothing, and a busy one a look per many frames. The driver too is
 * given buffers by the batch, as long as it has plenty.
 */
#include <string.h>

#include <quoll/dma.h>
#include <quoll/link.h>
#include <quoll/net.h>
#include <quoll/pd.h>

#include "info.h"
#include "rx_ledger.h"

#define MAX_COPIERS 61U /* channels, less the driver's */

struct copier {
    struct link link;
    uint32_t returned; /* frames put into its queue of which it has returned the buffers */
    uint32_t fresh;    /* frames of this batch */
};

static struct rx_virt {
    struct link driver;
    struct net_relay relay;
    const unsigned char *pool;
    uint64_t pool_io;
    uint32_t share;  /* buffers that a copier may have */
    uint32_t few;    /* room in it with which we look for returned ones */
    uint32_t plenty; /* buffers with the driver with which it needs no more for now */
    uint32_t most;   /* that the driver gets */
    unsigned copiers;
    uint64_t looked; /* set of copiers whose link was checked in this batch */
    bool coherent;
    struct rx_ledger ledger;
    uint64_t mac[MAX_COPIERS];
    struct copier copier[MAX_COPIERS];
} virt;

static const uint64_t multicast_bit = 1; /* 802.3, 3.2.3: the first bit on the wire */

/*
 * The six bytes as they lie in memory, the first one lowest; read once and for all, with
 * two more that follow every MAC address in frames and settings.
 */
static inline uint64_t mac_at(const unsigned char *at)
{
    uint64_t mac;

    __builtin_memcpy(&mac, at, sizeof mac);
    mac &= 0xffffffffffffU;
    __asm__ volatile("" : "+r"(mac));
    return mac;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---- Copiers ---- */

/*
 * What it has taken off its queue is returned; our entries there say which buffers. An
 * index that goes back is as impossible as one that lies ahead.
 */
static void take_returns(struct copier *copier, uint64_t bit)
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
                            bit);
    }
    out->room = least(virt.share, out->capacity) - used;
}

/* Once per batch, before a copier is given anything: lives, returns, room. */
static inline void look_at(struct copier *copier, uint64_t bit)
{
    virt.looked |= bit;
    switch (link_check(&copier->link)) {
    case LINK_DOWN:
        return; /* there is no room in it */
    case LINK_CAME_UP:
        rx_ledger_take_from(&virt.ledger, bit);
        copier->returned = 0;
        net_relay_tell(&virt.relay, &copier->link);
        break;
    case LINK_UP:
        break;
    }
    if (copier->link.out.room <= virt.few) {
        take_returns(copier, bit);
    }
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
    if (!net_frames_put(&copier->link.out, &frame)) {
        link_count(&copier->link, COUNT_DROPPED, 1);
        return 0;
    }
    link_count(&copier->link, COUNT_BYTES, length);
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

/* ---- The driver ---- */

/* What the driver says of one buffer; the bytes of the frame in it. */
static inline uint32_t take_done(const struct net_rx_done *done)
{
    uint32_t id = done->id;

    if (!rx_ledger_lent(&virt.ledger, id)) {
        link_count(&virt.driver, COUNT_REFUSED, 1);
        return 0;
    }
    if (done->length < NET_FRAME_MIN || done->length > NET_FRAME_MAX) {
        link_count(&virt.driver, COUNT_REFUSED, done->length != 0);
        rx_ledger_hand_on(&virt.ledger, id, 0);
        return 0;
    }
    rx_ledger_hand_on(&virt.ledger, id, deliver(id, (uint16_t)done->length));
    return done->length;
}

static void take_all_done(void)
{
    struct queue_taking in = queue_taking_begin(&virt.driver.in);
    struct net_rx_done done;
    uint64_t bytes = 0;

    while (net_rx_dones_next(&in, &done)) {
        bytes += take_done(&done);
    }
    queue_taking_end(&virt.driver.in, &in);
    link_count(&virt.driver, COUNT_BYTES, bytes);
}

/* What nobody has goes to the device, as much as it may have. */
static void supply(void)
{
    uint32_t stock = virt.ledger.stock;
    uint32_t number = least(stock, virt.most - virt.ledger.with_driver);

    if (virt.driver.out.room < number) {
        number = least(number, queue_look_for_room(&virt.driver.out));
    }
    struct queue_putting out = queue_putting_begin(&virt.driver.out);
    struct net_rx_buffer buffer = {0};

    for (uint32_t left = stock - number; stock > left;) {
        buffer.id = rx_ledger_lend(&virt.ledger, --stock);
        buffer.address = virt.pool_io + (uint64_t)buffer.id * NET_BUFFER_SIZE;
        (void)net_rx_buffers_add(&out, &buffer);
    }
    rx_ledger_lend_end(&virt.ledger, stock);
    queue_putting_end(&virt.driver.out, &out);
}

static void show_to_copiers(void)
{
    for (uint64_t set = virt.looked; set != 0; set &= set - 1U) {
        struct copier *copier = &virt.copier[__builtin_ctzll(set)];

        copier->fresh = link_show_tail(&copier->link);
    }
}

static void wake_copiers(void)
{
    for (uint64_t set = virt.looked; set != 0; set &= set - 1U) {
        struct copier *copier = &virt.copier[__builtin_ctzll(set)];

        link_wake(&copier->link, copier->fresh, 0);
    }
}

/* Show all their new frames and buffers, and go to sleep; false if the driver has more. */
static bool publish_and_sleep(void)
{
    show_to_copiers();
    uint32_t given = link_show_tail(&virt.driver);
    uint32_t taken = link_show_head(&virt.driver);

    queue_show_sleep(&virt.driver.in);
    queue_fence();
    wake_copiers();
    link_wake(&virt.driver, given, taken);
    return queue_look(&virt.driver.in) == 0;
}

static void receive(void)
{
    (void)queue_look(&virt.driver.in);
    do {
        virt.looked = 0;
        take_all_done();
        if (virt.ledger.with_driver <= virt.plenty) {
            supply();
        }
    } while (!publish_and_sleep());
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
    rx_ledger_open(&virt.ledger, least((uint32_t)(own->size / NET_BUFFER_SIZE), RX_LEDGER_BUFFERS));
    open_copiers();
    virt.share = virt.ledger.buffers / 2U / (virt.copiers == 0 ? 1U : virt.copiers);
    virt.few = virt.share - (virt.share + 7U) / 8U;
    if (!virt.coherent) {
        cache_clean(virt.pool, own->size); /* no line of ours may fall on what the device writes */
    }
    link_open(&virt.driver, quoll_find_link(LINK_NET_RX_DEVICE, NULL, 0),
              sizeof(struct net_rx_buffer));
    virt.most = least(virt.ledger.buffers, virt.driver.out.capacity);
    virt.plenty = virt.most - (virt.most + 15U) / 16U;
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
        rx_ledger_take_all_back(&virt.ledger); /* which has reset the device */
        net_relay_renew(&virt.relay);
    }
    if (net_relay_news(&virt.relay, &virt.driver)) {
        tell_all();
    }
    if (state != LINK_DOWN) {
        receive();
    }
}
