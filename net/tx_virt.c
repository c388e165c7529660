/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit virtualiser: takes frames from the clients in turn, lets only those
 * out that say they come from their sender, and hands them to the driver.
 *
 * A frame's first bytes are copied into a head, which no client can write, and the
 * copy is checked; the rest stays in the client's memory and is named by its I/O
 * address. The ledger says of each head whose frame it carries. A client may have a
 * fair share of the heads, those of its earlier lives included, so neither a greedy
 * nor a restless one can take them all. A frame is taken only if there is a place to
 * give its buffer back, so one who does not take buffers back is not served.
 *
 * Sent frames are looked for whenever we are awake. To be woken for them costs an
 * interrupt, so we ask only if someone waits: a client that is out of buffers or
 * share. We and the clients go to sleep on a queue before the frames that make us
 * wait are published, so that whoever sees those frames sees that someone waits.
 */
#include <string.h>

#include <quoll/dma.h>
#include <quoll/pd.h>

#include "tx_virt.h"

static struct tx_virt virt;

/* The six bytes as they lie in memory, the first one lowest. */
static inline uint64_t mac_at(const unsigned char *at)
{
    uint32_t low;
    uint16_t high;

    __builtin_memcpy(&low, at, sizeof low);
    __builtin_memcpy(&high, at + sizeof low, sizeof high);
    return (uint64_t)high << 32 | low;
}

static uint64_t set_of(unsigned client)
{
    return UINT64_C(1) << client;
}

/* ---- Clients ---- */

/* A client's new life: what its old one sent completes to nobody. */
static void forget_frames(unsigned number)
{
    virt.waiting &= ~set_of(number);
    for (uint32_t id = 0; id < MAX_HEADS; id++) {
        if (virt.head[id].client == number && virt.head[id].state == WITH_DRIVER) {
            virt.head[id].state = STALE;
        }
    }
}

static bool look_anew(unsigned number)
{
    struct client *client = &virt.client[number];

    virt.looked |= set_of(number);
    switch (link_check(&client->link)) {
    case LINK_DOWN:
        return false;
    case LINK_CAME_UP:
        forget_frames(number);
        net_relay_tell(&virt.relay, &client->link);
        break;
    case LINK_UP:
        break;
    }
    (void)queue_look_for_room(&client->link.out);
    return true;
}

/* Before anything is done with a client's queues, once per round; false if it is down. */
static inline bool look_at(unsigned number)
{
    return (virt.looked & set_of(number)) != 0 ? virt.client[number].link.up : look_anew(number);
}

/* A buffer goes back to its client, which has been looked at. */
static void give_back(struct client *client, uint64_t bit, const struct net_frame *frame)
{
    if (!net_frames_put(&client->link.out, frame)) {
        link_count(&client->link, COUNT_DROPPED, 1);
    }
    if ((virt.touched & bit) == 0) {
        virt.touched |= bit;
        virt.waiting &= ~bit;
    }
}

/* ---- From a client to the driver ---- */

static inline bool good(const struct client *client, const struct net_frame *frame)
{
    uint64_t size = client->link.config->data.size;

    return frame->length >= NET_FRAME_MIN && frame->length <= virt.longest &&
           frame->reserved == 0 && frame->offset <= size && frame->length <= size - frame->offset;
}

/* For devices that do not see our caches. */
static void clean(const struct client *client, const unsigned char *head, const void *body,
                  size_t length)
{
    if (!virt.coherent) {
        cache_clean(head - NET_HEADROOM, NET_HEAD_SIZE);
    }
    if (client->link.config->data.coherent == 0) {
        cache_clean(body, length);
    }
}

/*
 * Let a frame out under the number of a free head, which it then has; false if it must
 * not leave. What is checked of its contents is our copy.
 */
static inline bool let_out(const struct client *client, const struct net_frame *frame, uint32_t id,
                           struct queue_producer *to)
{
    if (!good(client, frame)) {
        return false;
    }
    const unsigned char *data =
        (const unsigned char *)(uintptr_t)client->link.config->data.vaddr + frame->offset;
    uint64_t place = (uint64_t)id * NET_HEAD_SIZE + NET_HEADROOM;
    unsigned char *head = virt.heads + place;
    uint32_t length = frame->length < HEAD_BYTES ? frame->length : HEAD_BYTES;

    memcpy(head, data, length);
    if (mac_at(head + SOURCE_MAC) != client->mac) {
        return false;
    }
    if (!virt.all_coherent) {
        clean(client, head, data + length, frame->length - length);
    }
    struct net_tx_frame out = {
        .head = virt.heads_io + place,
        .body = client->data_io + frame->offset + length,
        .head_length = (uint16_t)length,
        .body_length = (uint16_t)(frame->length - length),
        .id = id,
    };

    return net_tx_frames_put(to, &out);
}

/* Take up to `most` frames; there is a head, room and a way back for so many. */
static void submit(unsigned number, unsigned most)
{
    struct client *client = &virt.client[number];
    struct queue_consumer in = queue_consumer_begin(&client->link.in);
    struct queue_producer out = queue_producer_begin(&virt.driver.out);
    uint32_t stock = virt.stock;
    uint32_t bytes = 0;
    struct net_frame frame;

    for (; most > 0 && net_frames_take(&in, &frame); most--) {
        uint32_t id = virt.free[stock - 1U];

        if (!let_out(client, &frame, id, &out)) {
            link_count(&client->link, COUNT_REFUSED, 1);
            give_back(client, set_of(number), &frame);
            continue;
        }
        virt.head[id] = (struct head){frame.offset, frame.length, (uint8_t)number, WITH_DRIVER};
        bytes += frame.length;
        stock -= 1U;
    }
    queue_consumer_end(&client->link.in, &in);
    client->held += virt.stock - stock;
    virt.stock = stock;
    queue_producer_end(&virt.driver.out, &out);
    link_count(&client->link, COUNT_BYTES, bytes);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* How many frames of a client can go out now, wherever the narrow place is. */
static uint32_t allowance(const struct client *client)
{
    uint32_t room = client->link.out.room;
    uint32_t places = room > client->held ? room - client->held : 0;
    uint32_t share = virt.share > client->held ? virt.share - client->held : 0;

    return least(least(places, share), least(virt.stock, virt.driver.out.room));
}

enum outcome {
    IDLE,    /* no frames left; the client will wake us */
    BLOCKED, /* frames left that cannot go out before others are done */
    MORE,    /* its turn comes again */
};

static enum outcome serve(unsigned number)
{
    struct client *client = &virt.client[number];
    struct link *link = &client->link;

    if (!look_at(number)) {
        return IDLE;
    }
    if (queue_look(&link->in) > 0) {
        submit(number, least(allowance(client), BATCH));
    }
    if (client->held > 0 && link->out.tail == link->out.published && queue_awaited(&link->out)) {
        virt.waiting |= set_of(number);
    }
    if (link->in.broken || link->out.broken) {
        (void)link_broken(link);
        return IDLE;
    }
    if (link->in.ready == 0) {
        return link_sleep(link) ? IDLE : MORE;
    }
    link_release(link);
    if (allowance(client) > 0 || (link->out.room == 0 && !queue_wait_for_room(&link->out))) {
        return MORE;
    }
    return BLOCKED;
}

/* The next of a set at or after a place, going round. */
static unsigned next_of(uint64_t set, unsigned from)
{
    uint64_t later = from < 64U ? set & (UINT64_MAX << from) : 0;

    return (unsigned)__builtin_ctzll(later != 0 ? later : set);
}

/* Serve all that have something, in turn; false if not all came to a rest. */
static bool serve_pending(void)
{
    uint64_t todo = virt.pending;

    (void)queue_look_for_room(&virt.driver.out);
    for (unsigned turns = 0; todo != 0 && turns < TURNS; turns++) {
        unsigned number = next_of(todo, virt.turn);
        enum outcome outcome = serve(number);

        virt.turn = number + 1U;
        if (outcome != MORE) {
            todo &= ~set_of(number);
        }
        if (outcome == IDLE) {
            virt.pending &= ~set_of(number);
        }
    }
    return todo == 0;
}

/* ---- From the driver to a client ---- */

/* The driver is done with a head; 1 if it had it. */
static inline uint32_t finish(uint32_t id)
{
    if (id >= MAX_HEADS || virt.head[id].state == IN_STOCK) {
        link_count(&virt.driver, COUNT_REFUSED, 1);
        return 0;
    }
    struct head *head = &virt.head[id];
    struct client *client = &virt.client[head->client];
    uint64_t bit = set_of(head->client);
    struct net_frame frame = {.offset = head->offset, .length = head->length};

    if (look_at(head->client) && head->state == WITH_DRIVER) {
        give_back(client, bit, &frame);
    }
    client->held -= 1U;
    head->state = IN_STOCK;
    virt.free[virt.stock++] = (uint16_t)id;
    return 1;
}

static void take_done(void)
{
    (void)queue_look(&virt.driver.in);
    struct queue_consumer in = queue_consumer_begin(&virt.driver.in);
    struct net_tx_done done;
    uint32_t finished = 0;

    while (net_tx_dones_take(&in, &done)) {
        finished += finish(done.id);
    }
    queue_consumer_end(&virt.driver.in, &in);
    virt.armed = virt.armed && finished == 0;
    link_release(&virt.driver);
}

/* A new life of the driver, which has reset the device: what was with it is lost. */
static void take_all_back(void)
{
    virt.armed = false;
    for (uint32_t id = 0; id < MAX_HEADS; id++) {
        if (virt.head[id].state != IN_STOCK) {
            (void)finish(id);
        }
    }
}

static void publish_to_clients(void)
{
    for (; virt.touched != 0; virt.touched &= virt.touched - 1U) {
        link_publish(&virt.client[__builtin_ctzll(virt.touched)].link);
    }
}

/*
 * Go to sleep on the driver's queue if someone waits for sent frames; false if there
 * are some. A driver that has the frames already must be told that we wait now.
 */
static bool wait_if_wanted(void)
{
    if (virt.armed || (virt.pending | virt.waiting) == 0) {
        return true;
    }
    if (!queue_sleep(&virt.driver.in)) {
        return false;
    }
    virt.armed = true;
    if (virt.driver.out.tail == virt.driver.out.published) {
        link_signal(&virt.driver);
    }
    return true;
}

static void transmit(void)
{
    bool rest;

    do {
        virt.looked = 0;
        take_done();
        rest = serve_pending();
        publish_to_clients();
        rest = wait_if_wanted() && rest;
        link_publish(&virt.driver);
    } while (!rest);
    (void)link_broken(&virt.driver);
}

/* Without a driver, frames wait; but a client's new life is acknowledged. */
static void look_at_pending(void)
{
    for (uint64_t set = virt.pending; set != 0; set &= set - 1U) {
        (void)look_at((unsigned)__builtin_ctzll(set));
    }
}

/* Tell the clients about the device, and mind what it takes. */
static void tell_all(void)
{
    virt.longest = NET_FRAME_MAX;
    if (virt.relay.info.ready != 0) {
        virt.longest = least(virt.relay.info.mtu, NET_FRAME_MAX - NET_FRAME_MIN) + NET_FRAME_MIN;
    }
    for (unsigned i = 0; i < virt.clients; i++) {
        net_relay_tell(&virt.relay, &virt.client[i].link);
    }
}

/* ---- Entry points ---- */

static void open_clients(void)
{
    const struct quoll_link_config *config;

    while (virt.clients < MAX_CLIENTS &&
           (config = quoll_find_link(LINK_NET_TX_CLIENT, NULL, virt.clients)) != NULL) {
        struct client *client = &virt.client[virt.clients++];

        client->mac = mac_at(config->settings.net.mac);
        client->data_io = quoll_io_address(&config->data);
        virt.all_coherent = virt.all_coherent && config->data.coherent != 0;
        link_open(&client->link, config, sizeof(struct net_frame));
    }
}

/* The headrooms stay zero for good: the drivers' devices only read them. */
static void open_heads(void)
{
    const struct quoll_region_config *own = &quoll_config.own;
    uint32_t heads = least((uint32_t)(own->size / NET_HEAD_SIZE), MAX_HEADS);

    heads = least(heads, virt.driver.out.capacity);
    virt.heads = (unsigned char *)(uintptr_t)own->vaddr;
    virt.heads_io = quoll_io_address(own);
    virt.share = virt.clients == 0 || heads < virt.clients ? 1U : heads / virt.clients;
    while (virt.stock < heads) {
        uint32_t id = heads - 1U - virt.stock;

        memset(virt.heads + (uint64_t)id * NET_HEAD_SIZE, 0, NET_HEADROOM);
        virt.free[virt.stock++] = (uint16_t)id;
    }
}

void pd_start(void)
{
    virt.longest = NET_FRAME_MAX;
    virt.coherent = quoll_config.own.coherent != 0;
    virt.all_coherent = virt.coherent;
    open_clients();
    link_open(&virt.driver, quoll_find_link(LINK_NET_TX_DEVICE, NULL, 0),
              sizeof(struct net_tx_frame));
    open_heads();
    pd_wake(virt.driver.config->channel);
}

static void wake_for_client(microkit_channel channel)
{
    for (unsigned i = 0; i < virt.clients; i++) {
        if (virt.client[i].link.config->channel == channel) {
            link_count(&virt.client[i].link, COUNT_WOKEN, 1);
            virt.pending |= set_of(i);
        }
    }
}

void pd_wake(microkit_channel channel)
{
    virt.looked = 0;
    if (channel == virt.driver.config->channel) {
        link_count(&virt.driver, COUNT_WOKEN, 1);
    } else {
        wake_for_client(channel);
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
        transmit();
    } else {
        look_at_pending();
    }
}
