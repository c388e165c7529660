/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copying receive virtualiser: owns the pool of receive buffers (pool.h) and copies
 * each frame straight into buffers that the clients gave whom it is for. To a client it is
 * what a copier is. With no copiers there are fewer protection domains and one hop less;
 * but one program can write what all clients receive (docs/architecture.md says when to
 * choose which).
 *
 * A pool buffer is on its way back to the driver as soon as its frame was copied, so nobody
 * else ever has one, and nothing of the pool depends on what a client does. All that is to be
 * kept of a buffer is where in the driver's queue it was put last: it cannot come back before
 * that was shown. A client without a good buffer of its own, or that takes nothing, loses its
 * frames. Its queues are looked at once per batch, so it can make us skip as many bad buffers
 * per batch as its queue holds.
 *
 * The pool is ours through all lives of the driver, so a frame that is being copied is
 * nobody else's; and a client's new life finds in its own memory only what was for it.
 */
#include <string.h>

#include <quoll/copy.h>
#include <quoll/link.h>
#include <quoll/net.h>
#include <quoll/pd.h>
#include <quoll/turn.h>

#include "frames.h"
#include "info.h"
#include "pool.h"

#define MAX_CLIENTS 61U /* channels, less the driver's */
#define ROUNDS      16U /* before we look after all clients */
#define INLINE      __attribute__((always_inline)) static inline

struct client {
    struct link link;
    unsigned char *data; /* where its buffers are, */
    uint64_t size;       /* and how many bytes that is */
    struct client *next; /* that something came for in this batch; NULL: nothing came for us */
    uint32_t delivered;  /* frames of this batch, */
    uint32_t taken;      /* and buffers shown as taken */
};

static struct rx_copy_virt {
    struct link driver;
    struct net_pool_memory pool;
    uint32_t lent; /* buffers that the driver got */
    uint32_t by;   /* how many frames or more it is told of at once that were taken */
    struct net_relay relay;
    unsigned clients;
    unsigned turn;         /* who is woken first */
    uint32_t rounds;       /* that made a wake-up longer */
    uint64_t recent_key;   /* whose frame came last, */
    struct client *recent; /* and to whom it went */
    uint64_t key[MAX_CLIENTS];
    struct client client[MAX_CLIENTS + 1U]; /* and who ends the list */
} virt;

/* Of each buffer: where in the driver's queue it was put last. */
static uint32_t place[RX_LEDGER_BUFFERS];

#define LAST (&virt.client[MAX_CLIENTS]) /* the list's end */

/* A MAC address, to be compared with a frame's first word: what follows it falls out. */
#define MAC_KEY(word) ((word) << 16)
#define NO_KEY        UINT64_C(1)

/* ---- Clients ---- */

/*
 * Once per batch, before a client is given anything. What we know from before of its
 * buffers and room will do if it is enough for all frames.
 */
INLINE void look_at(struct client *client)
{
    uint32_t frames = virt.driver.in.ready;

    if (!link_still_up(&client->link) && link_renew(&client->link) == LINK_DOWN) {
        return; /* there is no room in it */
    }
    if (client->link.in.ready < frames) {
        (void)queue_look(&client->link.in);
    }
    if (client->link.out.room < frames) {
        (void)queue_look_for_room(&client->link.out);
    }
}

/*
 * Let a client have the frame, if it can take it. Its first word is the one that was judged;
 * only what follows is still read from the pool.
 */
INLINE void give(struct client *client, const unsigned char *from, uint64_t first, size_t length)
{
    struct link *link = &client->link;
    struct net_frame frame;

    if (link->out.room == 0 || !client_buffer(link, client->size, length, &frame)) {
        link_count(link, COUNT_DROPPED, 1);
        return;
    }
    unsigned char *to = client->data + frame.offset;

    frame = (struct net_frame){.offset = frame.offset, .length = (uint16_t)length};
    (void)net_frames_put(&link->out, &frame);
    link_count(link, COUNT_BYTES, length);
    quoll_copy(to, from, length);
    __builtin_memcpy(to, &first, sizeof first);
}

/* Into the list of those whom something comes for in this batch, if not there yet. */
INLINE struct client *enlist(struct client *client, struct client *batch)
{
    if (client->next != NULL) {
        return batch;
    }
    client->next = batch;
    look_at(client);
    return client;
}

__attribute__((noinline, cold)) static struct client *give_to_all(struct client *batch,
                                                                  const unsigned char *from,
                                                                  uint64_t first, size_t length)
{
    for (unsigned i = 0; i < virt.clients; i++) {
        batch = enlist(&virt.client[i], batch);
        give(&virt.client[i], from, first, length);
    }
    return batch;
}

/* Whose address it is; NULL: nobody's. */
__attribute__((noinline, cold)) static struct client *search(uint64_t key)
{
    for (unsigned i = 0; i < virt.clients; i++) {
        if (virt.key[i] == key) {
            virt.recent_key = key;
            virt.recent = &virt.client[i];
            return virt.recent;
        }
    }
    return NULL;
}

static void show_to_clients(struct client *batch)
{
    for (struct client *client = batch; client != LAST; client = client->next) {
        client->delivered = link_show_tail(&client->link);
        client->taken = link_show_head_by_batch(&client->link);
    }
}

/* Of several another one comes first each time (quoll/turn.h). */
static void wake_in_turn(void)
{
    unsigned at = turn_next(&virt.turn, virt.clients);

    for (unsigned n = virt.clients; n > 0; n--) {
        struct client *client = &virt.client[at];

        if (client->next != NULL) {
            link_wake(&client->link, client->delivered, client->taken);
            client->next = NULL;
        }
        (void)turn_next(&at, virt.clients);
    }
}

/* ---- The driver ---- */

/*
 * Put the buffer with this number where the driver finds it. There is room for it, unless the
 * driver breaks the rules: then that one stays with it.
 */
INLINE void lend(struct net_rx_buffer *buffer)
{
    struct queue_producer *out = &virt.driver.out;
    uint32_t at = out->tail;

    buffer->address = pool_address(&virt.pool, buffer->id);
    if (net_rx_buffers_put(out, buffer)) {
        place[buffer->id] = at;
    }
}

/* A new life of the driver, which has reset the device, has none yet. */
static void lend_all(void)
{
    struct net_rx_buffer buffer = {0};

    (void)queue_look_for_room(&virt.driver.out);
    for (; buffer.id < virt.lent; buffer.id++) {
        place[buffer.id] = INT32_MAX; /* if there is no room: not shown for a long time */
        lend(&buffer);
    }
    link_publish(&virt.driver);
}

/* Whether the driver can have a buffer, whatever the number: it has been shown its place. */
static inline bool is_lent(uint32_t id)
{
    return id < virt.lent && (int32_t)(place[id] - virt.driver.out.published) < 0;
}

/* Demultiplex by destination, the frame's first bytes. @return the batch's list */
INLINE struct client *deliver(struct client *batch, const unsigned char *frame, size_t length)
{
    uint64_t first = word_at(frame);
    struct client *client = virt.recent;

    if (__builtin_expect(MAC_KEY(first) != virt.recent_key, 0)) {
        if ((first & MULTICAST) != 0) {
            return give_to_all(batch, frame, first, length);
        }
        client = search(MAC_KEY(first));
        if (client == NULL) {
            return batch;
        }
    }
    batch = enlist(client, batch);
    give(client, frame, first, length);
    return batch;
}

/* Deliver what is done; all buffers are on their way back. @return whom something came for */
INLINE struct client *take_all_done(struct client *batch)
{
    struct link *driver = &virt.driver;
    struct queue_taking in = queue_look_and_begin(&driver->in);
    struct net_rx_done done;
    struct net_rx_buffer buffer = {0};
    uint64_t bytes = 0;

    if (driver->out.room < driver->in.ready) {
        (void)queue_look_for_room(&driver->out);
    }
    while (net_rx_dones_next(&in, &done)) {
        size_t length = done.length;

        if (!is_lent(done.id)) {
            link_count(driver, COUNT_REFUSED, 1);
            continue;
        }
        buffer.id = done.id;
        lend(&buffer);
        if (!is_frame(length)) {
            link_count(driver, COUNT_REFUSED, length != 0);
            continue;
        }
        if (__builtin_expect(!virt.pool.coherent, 0)) {
            pool_invalidate(&virt.pool, done.id);
        }
        batch = deliver(batch, pool_frame(&virt.pool, done.id), length);
        bytes += length;
    }
    queue_taking_end(&driver->in, &in);
    link_count(driver, COUNT_BYTES, bytes);
    return batch;
}

__attribute__((noinline)) static void publish_to_driver(void)
{
    link_publish(&virt.driver);
    link_release(&virt.driver);
}

/* All clients are shown theirs before we look whether the driver has more: one fence for all. */
INLINE bool publish_to_one(struct client *client)
{
    struct link *link = &client->link;
    const struct queue_consumer_half *peer = link->out.peer;
    uint32_t tail = link->out.tail;
    uint32_t delivered = link_show_tail(link), taken = link_show_head_by_batch(link);
    bool asleep = queue_sleep(&virt.driver.in);

    client->next = NULL;
    if (delivered != 0 && queue_passed(queue_read(&peer->wake_at), tail, delivered)) {
        link_signal(link);
    } else if (taken != 0) {
        link_wake(link, 0, taken);
    }
    return asleep;
}

__attribute__((noinline)) static bool publish_to_all(struct client *batch)
{
    show_to_clients(batch);
    bool asleep = queue_sleep(&virt.driver.in);

    wake_in_turn();
    return asleep;
}

/*
 * What the driver has for us; it is shown its buffers by many at once. True if it has no more,
 * and we are asleep.
 */
INLINE bool receive(void)
{
    struct client *last = LAST;

    KEEP(last);
    struct client *batch = take_all_done(last);
    bool asleep = batch->next == last ? publish_to_one(batch) : publish_to_all(batch);

    if (virt.driver.in.head - virt.driver.in.released >= virt.by) {
        publish_to_driver();
    }
    return asleep;
}

__attribute__((noinline)) static void tell_all(void)
{
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
    return link_still_up(&virt.driver);
}

/* ---- Entry points ---- */

static void open_clients(void)
{
    const struct quoll_link_config *config;

    while (virt.clients < MAX_CLIENTS &&
           (config = quoll_find_link(LINK_NET_RX_CLIENT, NULL, virt.clients)) != NULL) {
        virt.key[virt.clients] = MAC_KEY(word_at(config->settings.net.mac));
        virt.client[virt.clients].data = (unsigned char *)(uintptr_t)config->data.vaddr;
        virt.client[virt.clients].size = config->data.size;
        link_open(&virt.client[virt.clients].link, config, sizeof(struct net_frame));
        virt.clients += 1U;
    }
    virt.recent_key = NO_KEY;
}

void pd_start(void)
{
    open_clients();
    pool_memory_open(&virt.pool);
    virt.lent = pool_link(&virt.driver, &virt.pool);
    virt.by = (least(virt.lent, virt.driver.in.capacity) + 15U) / 16U;
    pd_wake(virt.driver.config->channel);
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

/* What is new beside frames. Whether the driver is there. */
__attribute__((noinline)) static bool catch_up(void)
{
    enum link_state state = link_check(&virt.driver);

    if (state == LINK_CAME_UP) {
        net_relay_renew(&virt.relay);
        lend_all();
    }
    pass_on_news();
    return state != LINK_DOWN;
}

void pd_wake(microkit_channel channel)
{
    struct link *driver = &virt.driver;

    if (channel == driver->config->channel) {
        link_count(driver, COUNT_WOKEN, 1);
    } else {
        wake_for_client(channel);
    }
    if ((link_still_up(driver) && link_generation(driver) == virt.relay.generation) || catch_up()) {
        while (!receive() && go_on()) {}
    }
}
