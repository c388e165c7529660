/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit virtualiser: takes frames from the clients in turn, lets only those
 * out that say they come from their sender, and hands them to the driver.
 *
 * A frame's first bytes are copied into a head, which no client can write, and the
 * copy is checked; the rest stays in the client's memory and is named by its I/O
 * address. The ledger says of each head whose frame it carries. A client may have as
 * many heads as it leaves to the others, and its fair share of all in any case: one
 * alone has half of them, and one that wakes up finds no less than its share. Heads of
 * its earlier lives are included, so neither a greedy nor a restless one can take them
 * all. A frame is taken only if there is a place to give its buffer back, so one who
 * does not take buffers back is not served.
 *
 * Mostly one client sends, nobody waits, and the driver only has something to be given:
 * that is done at once (serve_alone), and whatever else there may be in rounds (transmit).
 *
 * Sent frames are looked for whenever we are awake. To be woken for them costs an
 * interrupt, so we ask only if someone waits: a client that is out of buffers or
 * share. We and the clients go to sleep on a queue before the frames that make us
 * wait are published, so that whoever sees those frames sees that someone waits.
 */
#include <string.h>

#include <quoll/pd.h>

#include "tx_done.h"
#include "tx_head.h"

static struct tx_virt virt;

static uint64_t set_of(unsigned client)
{
    return UINT64_C(1) << client;
}

/* ---- From a client to the driver ---- */

/* What must not leave goes back; there is room for it. */
__attribute__((cold)) static inline void refuse(struct client *client, uint64_t frame)
{
    link_count(&client->link, COUNT_REFUSED, 1);
    (void)net_words_put(&client->link.out, &frame);
    virt.touched |= client->bit;
}

/* The heads that were on top of the stock carry a client's frames now. */
__attribute__((cold, noinline)) static void clean_all(const struct client *client, uint32_t heads)
{
    for (uint32_t i = 0; i < heads; i++) {
        clean(&virt, client, virt.ledger.free[virt.ledger.stock + i]);
    }
}

/* Take `most` of the frames found; there is a head, room and a way back for so many. */
__attribute__((always_inline)) static inline void submit(struct client *client,
                                                         struct queue_taking in, uint32_t most)
{
    struct queue_putting out = queue_putting_begin(&virt.driver.out);
    const uint16_t *top = &virt.ledger.free[virt.ledger.stock];
    uint32_t before = out.at, rest = in.end - in.at - most, bytes = 0;
    uint16_t owner = client->owner;
    uint64_t frame;

    in.end = in.at + most;
    while (net_words_next(&in, &frame)) {
        uint32_t id = top[-1];

        if (!let_out(&virt, client, frame, id, tx_entry(&out))) {
            refuse(client, frame);
            continue;
        }
        tx_ledger_enter(&virt.ledger, id, frame, owner);
        bytes += (uint32_t)(frame >> 32U);
        top -= 1;
        out.at += 1U;
    }
    uint32_t sent = out.at - before;

    client->held += sent;
    virt.ledger.stock -= sent;
    queue_putting_end(&virt.driver.out, &out);
    client->link.in.head = in.at;
    client->link.in.ready = rest;
    link_count(&client->link, COUNT_BYTES, bytes);
    if (!virt.all_coherent) {
        clean_all(client, sent);
    }
}

/*
 * How many heads more a client may have: up to its share whatever others have, and beyond it
 * while as many are left as it has then.
 */
static uint32_t more_heads(const struct client *client)
{
    uint32_t held = client->held, stock = virt.ledger.stock;
    uint32_t of_share = virt.share > held ? virt.share - held : 0;
    uint32_t of_rest = stock > held ? (stock - held) / 2U : 0;

    return of_share > of_rest ? of_share : of_rest;
}

/* How many frames of a client can go out now, wherever the narrow place is. */
static uint32_t allowance(const struct client *client)
{
    uint32_t room = client->link.out.room;
    uint32_t places = room > client->held ? room - client->held : 0;

    return least(least(places, more_heads(client)),
                 least(virt.ledger.stock, virt.driver.out.room));
}

/* Where what we know of from before does not do. */
__attribute__((cold, noinline)) static uint32_t look_for_allowance(struct client *client)
{
    (void)queue_look_for_room(&client->link.out);
    (void)queue_look_for_room(&virt.driver.out);
    return allowance(client);
}

/* How many of so many frames can go out. */
static inline uint32_t allowance_for(struct client *client, uint32_t frames)
{
    uint32_t held = client->held + frames;

    if (held <= client->link.out.room && held + frames <= virt.ledger.stock &&
        frames <= virt.driver.out.room) {
        return frames;
    }
    return least(look_for_allowance(client), frames);
}

enum outcome {
    IDLE,    /* no frames left; the client will wake us */
    BLOCKED, /* frames left that cannot go out before others are done */
    MORE,    /* its turn comes again */
};

/*
 * Take a batch of frames of a client, which has been looked at. Whether it has no more is
 * then to be seen by in.ready, whether it waits for them by virt.waiting. For one frame
 * alone, submit() is no loop but straight code.
 */
__attribute__((always_inline)) static inline void take_frames(struct client *client)
{
    struct link *link = &client->link;
    struct queue_taking in = queue_look_and_begin(&link->in);
    uint32_t frames = in.end - in.at;

    if (frames == 1) {
        if (allowance_for(client, 1) == 1) {
            submit(client, in, 1);
        }
    } else if (frames > 0) {
        uint32_t most = allowance_for(client, least(frames, BATCH));

        if (most > 0) {
            submit(client, in, most);
        }
    }
    if (queue_awaited(&link->out) && link->out.tail == link->out.published && client->held > 0) {
        virt.waiting |= client->bit;
    }
}

/* One client of several. */
static enum outcome serve(struct client *client)
{
    struct link *link = &client->link;

    if (!look_at(&virt, client)) {
        return IDLE;
    }
    take_frames(client);
    if (link->in.ready == 0) {
        return link_sleep_by_batch(link) ? IDLE : MORE;
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
        enum outcome outcome = serve(&virt.client[number]);

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

/* ---- The driver, and what it says ---- */

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
    virt.mtu = MTU_MAX;
    if (virt.relay.info.ready != 0) {
        virt.mtu = least(virt.relay.info.mtu, MTU_MAX);
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
        if (queue_may_have(&virt.driver.in)) {
            take_done(&virt);
        }
        rest = serve_pending();
        if (virt.touched != 0) {
            publish_to_clients(&virt);
        }
        rest = wait_if_wanted() && rest;
        link_publish(&virt.driver);
    } while (!rest && go_on());
}

/* Without a driver, frames wait; but a client's new life is acknowledged. */
static void look_at_pending(void)
{
    for (uint64_t set = virt.pending; set != 0; set &= set - 1U) {
        (void)look_at(&virt, &virt.client[__builtin_ctzll(set)]);
    }
}

/* ---- Entry points ---- */

static void open_clients(void)
{
    const struct quoll_link_config *config;

    while (virt.clients < MAX_CLIENTS &&
           (config = quoll_find_link(LINK_NET_TX_CLIENT, NULL, virt.clients)) != NULL) {
        struct client *client = &virt.client[virt.clients];

        virt.by_channel[config->channel & 63U] = client;
        client->bit = set_of(virt.clients);
        client->owner = owner_of(virt.clients++);
        client->mac = mac_at(config->settings.net.mac);
        client->data = (const unsigned char *)(uintptr_t)config->data.vaddr;
        client->size = config->data.size;
        client->places = first_places(config->data.size);
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
    virt.heads = (unsigned char *)(uintptr_t)own->vaddr + NET_HEADROOM;
    virt.heads_io = quoll_io_address(own) + NET_HEADROOM;
    virt.share = virt.clients == 0 || heads < virt.clients ? 1U : heads / virt.clients;
    tx_ledger_open(&virt.ledger, heads);
    for (uint32_t id = 0; id < heads; id++) {
        memset(virt.heads + (uint64_t)id * NET_HEAD_SIZE - NET_HEADROOM, 0, NET_HEADROOM);
    }
}

void pd_start(void)
{
    virt.mtu = MTU_MAX;
    virt.coherent = quoll_config.own.coherent != 0;
    virt.all_coherent = virt.coherent;
    open_clients();
    link_open(&virt.driver, quoll_find_link(LINK_NET_TX_DEVICE, NULL, 0),
              sizeof(struct net_tx_frame));
    open_heads();
    pd_wake(virt.driver.config->channel);
}

/* Look after the driver, and all clients that may have something. */
__attribute__((noinline)) static void look_after_all(void)
{
    enum link_state state = link_check(&virt.driver);

    if (state == LINK_CAME_UP) {
        take_all_back(&virt);
        net_relay_renew(&virt.relay);
    }
    pass_on_news();
    if (state != LINK_DOWN) {
        transmit();
    } else {
        look_at_pending();
    }
}

/* With one fence, publish to the driver and go to sleep on a client's queue; false: it has more. */
static inline bool publish_and_sleep(struct link *link)
{
    const struct queue_consumer_half *driver = virt.driver.out.peer;
    uint32_t tail = virt.driver.out.tail;
    uint32_t frames = link_show_tail(&virt.driver), places = link_show_head_by_batch(link);

    queue_show_sleep(&link->in);
    queue_fence();
    if (queue_entries_awaited_from(driver, tail, frames)) {
        link_signal(&virt.driver);
    }
    link_wake(link, 0, places);
    return !queue_may_have(&link->in);
}

/* What there is to see is shown; whether nobody waits, or the driver is to wake us already. */
__attribute__((cold, noinline)) static bool nobody_waits(void)
{
    publish_to_clients(&virt);
    return virt.waiting == 0 || virt.armed;
}

/* The usual case: a client sends, and nobody else waits for us; false if there is more to do. */
__attribute__((always_inline)) static inline bool serve_alone(struct client *client)
{
    if (virt.pending != 0 || !link_still_up(&virt.driver)) {
        return false;
    }
    if (queue_may_have(&virt.driver.in)) {
        take_done(&virt);
    }
    if (!look_at(&virt, client)) {
        return false;
    }
    take_frames(client);
    if ((virt.touched | virt.waiting) != 0 && !nobody_waits()) {
        return false;
    }
    return client->link.in.ready == 0 && publish_and_sleep(&client->link);
}

/* What the driver says of itself, it wakes us for: what a client wakes us for is frames. */
void pd_wake(microkit_channel channel)
{
    struct client *client = virt.by_channel[channel & 63U];

    if (client != NULL) {
        link_count(&client->link, COUNT_WOKEN, 1);
        if (serve_alone(client)) {
            return;
        }
        virt.pending |= client->bit;
    } else if (channel == virt.driver.config->channel) {
        link_count(&virt.driver, COUNT_WOKEN, 1);
    }
    look_after_all();
}
