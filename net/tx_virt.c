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

#include "frames.h"
#include "tx_virt.h"

static struct tx_virt virt;

static uint64_t set_of(unsigned client)
{
    return UINT64_C(1) << client;
}

/* ---- Clients ---- */

/* A client's new life: what its old one sent completes to nobody. */
static void forget_frames(unsigned number)
{
    virt.waiting &= ~set_of(number);
    tx_ledger_forget(&virt.ledger, number);
}

/* The slow path of look_at(). */
__attribute__((noinline)) static bool look_anew(unsigned number)
{
    struct client *client = &virt.client[number];
    enum link_state state = link_check(&client->link);

    if (state == LINK_CAME_UP) {
        forget_frames(number);
        net_relay_tell(&virt.relay, &client->link);
    }
    return state != LINK_DOWN;
}

/* Before anything is done with a client's queues; false if it is down. */
static inline bool look_at(unsigned number)
{
    return link_still_up(&virt.client[number].link) || look_anew(number);
}

/* A buffer goes back to its client, which has been looked at. */
static inline void give_back(struct client *client, uint64_t bit, const struct net_frame *frame)
{
    struct queue_producer *out = &client->link.out;

    if (out->room == 0) {
        (void)queue_look_for_room(out);
    }
    if (!net_frames_put(out, frame)) {
        link_count(&client->link, COUNT_DROPPED, 1);
    }
    virt.touched |= bit;
}

/* ---- From a client to the driver ---- */

static inline bool good(const struct client *client, const struct net_frame *frame)
{
    return frame->length >= NET_FRAME_MIN && frame->length <= virt.longest &&
           frame->reserved == 0 && within(client->link.config->data.size, frame);
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

/* Forty-eight bytes at a time; a head holds a multiple of that. */
struct piece {
    uint64_t word[6];
} __attribute__((packed, may_alias));

static_assert(HEAD_BYTES % sizeof(struct piece) == 0, "heads end with a piece");

/*
 * Copy up to HEAD_BYTES, and some that follow them, which are not sent. In line, as a call
 * would cost more than the copy. Afterwards only the copy counts: the compiler may not
 * look at the original again.
 */
static inline void copy_head(unsigned char *to, const unsigned char *from, uint32_t length)
{
    const unsigned char *end = from + length;

    do {
        *(struct piece *)to = *(const struct piece *)from;
        to += sizeof(struct piece), from += sizeof(struct piece);
    } while (from < end);
    __asm__ volatile("" : : : "memory");
}

/*
 * Let a frame out under the number of a free head, which it then has; false if it must
 * not leave. What is checked of its contents is our copy.
 */
static inline bool let_out(const struct client *client, const struct net_frame *frame, uint32_t id,
                           struct queue_putting *to)
{
    if (!good(client, frame)) {
        return false;
    }
    const struct quoll_region_config *region = &client->link.config->data;
    const unsigned char *data = (const unsigned char *)(uintptr_t)region->vaddr + frame->offset;
    uint64_t place = (uint64_t)id * NET_HEAD_SIZE + NET_HEADROOM;
    unsigned char *head = virt.heads + place;
    uint32_t length = frame->length < HEAD_BYTES ? frame->length : HEAD_BYTES;

    if (region->size - frame->offset >= HEAD_BYTES) {
        copy_head(head, data, length);
    } else {
        memcpy(head, data, length);
    }
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

    return net_tx_frames_add(to, &out);
}

/* What must not leave goes back. */
__attribute__((cold)) static void refuse(struct client *client, uint64_t bit,
                                         const struct net_frame *frame)
{
    link_count(&client->link, COUNT_REFUSED, 1);
    give_back(client, bit, frame);
}

/* Take up to `most` frames; there is a head, room and a way back for so many. */
__attribute__((noinline)) static void submit(struct client *client, unsigned number, unsigned most)
{
    struct queue_taking in = queue_taking_begin(&client->link.in);
    struct queue_putting out = queue_putting_begin(&virt.driver.out);
    uint32_t stock = virt.ledger.stock;
    uint16_t owner = owner_of(number);
    uint32_t bytes = 0;
    struct net_frame frame;

    for (; most > 0 && net_frames_next(&in, &frame); most--) {
        uint32_t id = virt.ledger.free[stock - 1U];

        if (!let_out(client, &frame, id, &out)) {
            refuse(client, set_of(number), &frame);
            continue;
        }
        bytes += frame.length;
        tx_ledger_enter(&virt.ledger, id, frame, owner);
        stock -= 1U;
    }
    client->held += virt.ledger.stock - stock;
    virt.ledger.stock = stock;
    queue_taking_end(&client->link.in, &in);
    queue_putting_end(&virt.driver.out, &out);
    link_count(&client->link, COUNT_BYTES, bytes);
}

/* How many frames of a client can go out now, wherever the narrow place is. */
static uint32_t allowance(const struct client *client)
{
    uint32_t room = client->link.out.room;
    uint32_t places = room > client->held ? room - client->held : 0;
    uint32_t share = virt.share > client->held ? virt.share - client->held : 0;

    return least(least(places, share), least(virt.ledger.stock, virt.driver.out.room));
}

enum outcome {
    IDLE,    /* no frames left; the client will wake us */
    BLOCKED, /* frames left that cannot go out before others are done */
    MORE,    /* its turn comes again */
};

/* What we know of from before is good enough, if it lets all frames out. */
static inline uint32_t allowance_for(struct client *client, uint32_t frames)
{
    uint32_t known = allowance(client);

    if (known >= frames) {
        return known;
    }
    (void)queue_look_for_room(&client->link.out);
    (void)queue_look_for_room(&virt.driver.out);
    return allowance(client);
}

static inline enum outcome serve(unsigned number)
{
    struct client *client = &virt.client[number];

    KEEP(client);
    struct link *link = &client->link;

    if (!link_still_up(link) && !look_anew(number)) {
        return IDLE;
    }
    uint32_t frames = least(queue_look(&link->in), BATCH);

    if (frames > 0) {
        submit(client, number, least(allowance_for(client, frames), frames));
    }
    if (client->held > 0 && link->out.tail == link->out.published && queue_awaited(&link->out)) {
        virt.waiting |= set_of(number);
    }
    if (link->in.ready == 0) {
        return link_sleep(link) ? IDLE : MORE;
    }
    link_release(link);
    if (link_broken(link)) {
        return IDLE;
    }
    if (allowance_for(client, 1) > 0 || (link->out.room == 0 && !queue_wait_for_room(&link->out))) {
        return MORE;
    }
    return BLOCKED;
}

/* The next of a set at or after a place, going round. */
static inline unsigned next_of(uint64_t set, unsigned from)
{
    uint64_t later = set & (UINT64_MAX << (from & 63U));

    return (unsigned)__builtin_ctzll(later != 0 ? later : set);
}

/* Serve all that have something, in turn; false if not all came to a rest. */
static inline bool serve_pending(void)
{
    uint64_t todo = virt.pending;

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

/* The driver is done with a head that it had. */
static void finish(uint32_t id)
{
    unsigned number = client_of(virt.ledger.head[id].reserved);
    bool up = look_at(number); /* which may make it stale */
    bool stale = (virt.ledger.head[id].reserved & STALE) != 0;
    struct net_frame frame = tx_ledger_take(&virt.ledger, id);

    virt.client[number].held -= 1U;
    if (up && !stale) {
        give_back(&virt.client[number], set_of(number), &frame);
    }
}

/*
 * The frames of one client in a row, from `done` on, go back to it: it is up, and has all
 * the room that was kept for them. False if there are no more entries; else `done` is the
 * first that belongs to another run.
 */
static inline bool finish_run(struct queue_taking *in, struct net_tx_done *done)
{
    uint16_t owner = tx_ledger_owner(&virt.ledger, done->id);
    unsigned number = client_of(owner);
    struct client *client = &virt.client[number];
    struct queue_putting to = queue_putting_begin(&client->link.out);
    uint32_t before = virt.ledger.stock;
    bool more;

    do {
        struct net_frame frame = tx_ledger_take(&virt.ledger, done->id);

        (void)net_frames_add(&to, &frame);
        more = net_tx_dones_next(in, done);
    } while (more && to.at != to.end && tx_ledger_owner(&virt.ledger, done->id) == owner);
    queue_putting_end(&client->link.out, &to);
    client->held -= virt.ledger.stock - before;
    virt.touched |= set_of(number);
    return more;
}

/* Whether the owner's client is up and has room: then its frames are a run. */
static inline bool in_a_row(uint16_t owner)
{
    const struct client *client = &virt.client[client_of(owner)];

    return (owner & STALE) == 0 && link_still_up(&client->link) && client->link.out.room > 0;
}

__attribute__((noinline)) static void take_done(void)
{
    struct queue_taking in = queue_taking_begin(&virt.driver.in);
    struct net_tx_done done;
    bool more = net_tx_dones_next(&in, &done);

    while (more) {
        uint16_t owner = tx_ledger_owner(&virt.ledger, done.id);

        if (owner != IN_STOCK) {
            virt.armed = false;
            if (in_a_row(owner)) {
                more = finish_run(&in, &done);
                continue;
            }
            finish(done.id);
        } else {
            link_count(&virt.driver, COUNT_REFUSED, 1);
        }
        more = net_tx_dones_next(&in, &done);
    }
    queue_taking_end(&virt.driver.in, &in);
    link_release(&virt.driver);
}

/* A new life of the driver, which has reset the device: what was with it is lost. */
static void take_all_back(void)
{
    virt.armed = false;
    for (uint32_t id = 0; id < TX_LEDGER_HEADS; id++) {
        if (virt.ledger.head[id].reserved != IN_STOCK) {
            finish(id);
        }
    }
}

__attribute__((noinline)) static void publish_to_clients(void)
{
    for (; virt.touched != 0; virt.touched &= virt.touched - 1U) {
        unsigned number = (unsigned)__builtin_ctzll(virt.touched);

        virt.waiting &= ~set_of(number);
        link_publish(&virt.client[number].link);
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

static inline void pass_on_news(void)
{
    if (net_relay_news(&virt.relay, &virt.driver)) {
        tell_all();
    }
}

/*
 * A client and the driver on other cores may have more for ever: now and then, we look at
 * what else we may have been notified of. False if the driver's life is over; the next one
 * will notify us.
 */
__attribute__((noinline)) static bool go_on(void)
{
    virt.rounds += 1U;
    if (virt.rounds % ROUNDS == 0) {
        virt.pending = set_of(virt.clients) - 1U;
        pass_on_news();
    }
    return link_still_up(&virt.driver);
}

static void transmit(void)
{
    bool rest;

    do {
        if (virt.driver.in.ready > 0 || queue_look(&virt.driver.in) > 0) {
            take_done();
        }
        rest = serve_pending();
        if (virt.touched != 0) {
            publish_to_clients();
        }
        rest = wait_if_wanted() && rest;
        link_publish(&virt.driver);
    } while (!rest && go_on());
}

/* Without a driver, frames wait; but a client's new life is acknowledged. */
static void look_at_pending(void)
{
    for (uint64_t set = virt.pending; set != 0; set &= set - 1U) {
        (void)look_at((unsigned)__builtin_ctzll(set));
    }
}

/* ---- Entry points ---- */

static void open_clients(void)
{
    const struct quoll_link_config *config;

    while (virt.clients < MAX_CLIENTS &&
           (config = quoll_find_link(LINK_NET_TX_CLIENT, NULL, virt.clients)) != NULL) {
        struct client *client = &virt.client[virt.clients++];

        virt.by_channel[config->channel & 63U] = (uint8_t)virt.clients;
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
    uint32_t heads = least((uint32_t)(own->size / NET_HEAD_SIZE), TX_LEDGER_HEADS);

    heads = least(heads, virt.driver.out.capacity);
    virt.heads = (unsigned char *)(uintptr_t)own->vaddr;
    virt.heads_io = quoll_io_address(own);
    virt.share = virt.clients == 0 || heads < virt.clients ? 1U : heads / virt.clients;
    tx_ledger_open(&virt.ledger, heads);
    for (uint32_t id = 0; id < heads; id++) {
        memset(virt.heads + (uint64_t)id * NET_HEAD_SIZE, 0, NET_HEADROOM);
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

static inline void wake_for_client(microkit_channel channel)
{
    unsigned number = virt.by_channel[channel & 63U] - 1U;

    if (number < virt.clients) {
        link_count(&virt.client[number].link, COUNT_WOKEN, 1);
        virt.pending |= set_of(number);
    }
}

void pd_wake(microkit_channel channel)
{
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
    pass_on_news();
    if (state != LINK_DOWN) {
        transmit();
    } else {
        look_at_pending();
    }
}
