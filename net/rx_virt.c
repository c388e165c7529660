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
#include <quoll/log.h>
#include <quoll/net.h>
#include <quoll/panic.h>
#include <quoll/pd.h>

#define MAX_BUFFERS 1024U
#define MAX_COPIERS 61U /* channels, less the driver's */

#define NEVER_PASSED_ON 1U /* no generation of whole information is odd */

struct copier {
    struct link link;
    uint64_t mac;
    uint32_t held; /* buffers that it has */
};

static struct rx_virt {
    struct link driver;
    uint32_t driver_info; /* generation of the information that was passed on */
    struct net_info info;
    const unsigned char *pool;
    uint64_t pool_io;
    uint32_t buffers;
    uint32_t share; /* buffers that a copier may have */
    unsigned copiers;
    uint64_t looked;  /* set of copiers whose link was checked in this wake-up, */
    uint64_t touched; /* and of those that have something new to see */
    bool coherent;
    uint32_t stock; /* of free buffers */
    uint16_t free[MAX_BUFFERS];
    bool with_driver[MAX_BUFFERS];
    uint64_t holders[MAX_BUFFERS]; /* set of copiers */
    struct copier copier[MAX_COPIERS];
} virt;

static const uint64_t multicast_bit = 1; /* 802.3, 3.2.3: the first bit on the wire */

/* The six bytes as they lie in memory, the first one lowest. */
static uint64_t mac_at(const unsigned char *at)
{
    uint64_t mac = 0;

    memcpy(&mac, at, 6);
    return mac;
}

static void put_in_stock(uint32_t id)
{
    virt.free[virt.stock] = (uint16_t)id;
    virt.stock += 1U;
}

/* ---- Copiers ---- */

static void drop_claim(unsigned number, uint32_t id)
{
    virt.holders[id] &= ~(UINT64_C(1) << number);
    virt.copier[number].held -= 1U;
    if (virt.holders[id] == 0) {
        put_in_stock(id);
    }
}

/* The buffer whose frame lies at `offset`; false if it is none that this copier has. */
static bool held_by(unsigned number, uint32_t offset, uint32_t *id)
{
    *id = offset / NET_BUFFER_SIZE;
    return *id < virt.buffers && offset % NET_BUFFER_SIZE == NET_HEADROOM &&
           (virt.holders[*id] >> number & 1U) != 0;
}

static void take_returns(unsigned number)
{
    struct copier *copier = &virt.copier[number];
    struct net_frame frame;
    uint32_t id;

    (void)queue_look(&copier->link.in);
    while (net_frames_take(&copier->link.in, &frame)) {
        if (held_by(number, frame.offset, &id)) {
            drop_claim(number, id);
        } else {
            link_count(&copier->link, COUNT_REFUSED, 1);
        }
    }
    link_release(&copier->link);
}

/* A copier's new life: what its old one had is ours again. */
static void drop_all_claims(unsigned number)
{
    for (uint32_t id = 0; id < virt.buffers && virt.copier[number].held > 0; id++) {
        if ((virt.holders[id] >> number & 1U) != 0) {
            drop_claim(number, id);
        }
    }
}

static void tell(struct copier *copier)
{
    struct net_info info = virt.info;

    memcpy(info.mac, copier->link.config->settings.net.mac, sizeof info.mac);
    link_tell(&copier->link, &info, sizeof info);
}

/* Once per wake-up, before a copier is given anything: lives, then returns. */
static void look_at(unsigned number)
{
    struct copier *copier = &virt.copier[number];

    virt.looked |= UINT64_C(1) << number;
    switch (link_check(&copier->link)) {
    case LINK_DOWN:
        break;
    case LINK_CAME_UP:
        drop_all_claims(number);
        tell(copier);
        break;
    case LINK_UP:
        take_returns(number);
        (void)link_broken(&copier->link);
        break;
    }
}

/* Let a copier have the frame, if it can take it. */
static void give(unsigned number, uint32_t id, uint16_t length)
{
    struct copier *copier = &virt.copier[number];
    struct net_frame frame = {.offset = id * NET_BUFFER_SIZE + NET_HEADROOM, .length = length};

    if ((virt.looked >> number & 1U) == 0) {
        look_at(number);
        (void)queue_look_for_room(&copier->link.out);
    }
    if (!copier->link.up || copier->held >= virt.share ||
        !net_frames_put(&copier->link.out, &frame)) {
        link_count(&copier->link, COUNT_DROPPED, 1);
        return;
    }
    link_count(&copier->link, COUNT_BYTES, length);
    copier->held += 1U;
    virt.holders[id] |= UINT64_C(1) << number;
    virt.touched |= UINT64_C(1) << number;
}

/* Demultiplex by destination, the frame's first bytes. */
static void deliver(uint32_t id, uint16_t length)
{
    const unsigned char *frame = virt.pool + (uint64_t)id * NET_BUFFER_SIZE + NET_HEADROOM;

    if (!virt.coherent) {
        cache_invalidate(frame - NET_HEADROOM, NET_BUFFER_SIZE);
    }
    uint64_t destination = mac_at(frame);

    bool all = (destination & multicast_bit) != 0;

    for (unsigned i = 0; i < virt.copiers; i++) {
        if (all || virt.copier[i].mac == destination) {
            give(i, id, length);
        }
    }
}

static void publish_to_copiers(void)
{
    for (; virt.touched != 0; virt.touched &= virt.touched - 1U) {
        link_publish(&virt.copier[__builtin_ctzll(virt.touched)].link);
    }
}

/* ---- The driver ---- */

static void take_done(const struct net_rx_done *done)
{
    if (done->id >= virt.buffers || !virt.with_driver[done->id]) {
        link_count(&virt.driver, COUNT_REFUSED, 1);
        return;
    }
    virt.with_driver[done->id] = false;
    if (done->length >= NET_FRAME_MIN && done->length <= NET_FRAME_MAX) {
        link_count(&virt.driver, COUNT_BYTES, done->length);
        deliver(done->id, (uint16_t)done->length);
    } else if (done->length != 0) {
        link_count(&virt.driver, COUNT_REFUSED, 1);
    }
    if (virt.holders[done->id] == 0) {
        put_in_stock(done->id);
    }
}

/* Everything that nobody has goes to the device. */
static void supply(void)
{
    uint32_t room = virt.stock == 0 ? 0 : queue_look_for_room(&virt.driver.out);

    for (; virt.stock > 0 && room > 0; room--) {
        uint32_t id = virt.free[--virt.stock];
        struct net_rx_buffer buffer = {
            .address = virt.pool_io + (uint64_t)id * NET_BUFFER_SIZE,
            .id = id,
        };

        (void)net_rx_buffers_put(&virt.driver.out, &buffer);
        virt.with_driver[id] = true;
    }
    link_publish(&virt.driver);
}

/* A new life of the driver, which has reset the device: nothing is with it. */
static void take_all_back(void)
{
    for (uint32_t id = 0; id < virt.buffers; id++) {
        if (virt.with_driver[id]) {
            virt.with_driver[id] = false;
            put_in_stock(id);
        }
    }
}

/* Pass on what the driver says about device and carrier, if it is new. */
static void relay_info(void)
{
    uint32_t generation = atomic_load_explicit(&virt.driver.peer->generation, memory_order_acquire);

    if (virt.driver.up ? generation == virt.driver_info : virt.info.ready == 0) {
        return;
    }
    if (virt.driver.up && !link_told(&virt.driver, &virt.info, sizeof virt.info)) {
        return; /* in the middle of writing it: the driver will wake us */
    }
    virt.driver_info = generation;
    virt.info.ready = virt.driver.up && virt.info.ready == 1;
    for (unsigned i = 0; i < virt.copiers; i++) {
        tell(&virt.copier[i]);
    }
}

static void receive(void)
{
    struct net_rx_done done;

    do {
        virt.looked = 0;
        (void)queue_look(&virt.driver.in);
        while (net_rx_dones_take(&virt.driver.in, &done)) {
            take_done(&done);
        }
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
        struct copier *copier = &virt.copier[virt.copiers++];

        copier->mac = mac_at(config->settings.net.mac);
        link_open(&copier->link, config, sizeof(struct net_frame));
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

static void wake_for_copier(microkit_channel channel)
{
    for (unsigned i = 0; i < virt.copiers; i++) {
        if (virt.copier[i].link.config->channel == channel) {
            link_count(&virt.copier[i].link, COUNT_WOKEN, 1);
            look_at(i);
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
        virt.driver_info = NEVER_PASSED_ON;
    }
    relay_info();
    if (state != LINK_DOWN) {
        receive();
    }
}
