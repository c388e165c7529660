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
#include <quoll/copy.h>

#include "pool.h"
#include "takers.h"

/* Of each buffer: where in the driver's queue it was put last. */
static uint32_t place[RX_LEDGER_BUFFERS];

/* ---- Clients ---- */

static void look_after(struct taker *client)
{
    (void)link_check(&client->link);
}

/*
 * Once per batch, before a client is given anything. What we know from before of its
 * buffers and room will do if it is enough for all frames.
 */
OUTLINE void look_at(struct taker *client)
{
    uint32_t frames = rx.pool.driver.in.ready;

    if (RARELY(!link_still_up(&client->link)) && link_renew(&client->link) == LINK_DOWN) {
        return; /* there is no room in it */
    }
    if (RARELY(client->link.in.ready < frames)) {
        (void)queue_look(&client->link.in);
    }
    if (RARELY(client->link.out.room < frames)) {
        (void)queue_look_for_room(&client->link.out);
    }
}

static uint32_t unread(const struct taker *client)
{
    return client->link.out.capacity - client->link.out.room;
}

static uint32_t look_for_room(struct taker *client)
{
    struct queue_consumer *buffers = &client->link.in;
    struct queue_producer *out = &client->link.out;

    bool no_buffers = queue_look(buffers) == 0 && queue_sleep(buffers);
    bool no_room = queue_look_for_room(out) == 0 && queue_wait_for_room(out);

    return no_buffers || no_room ? 0 : least(buffers->ready, out->room);
}

/* The frame goes where the client said. Its first word is the one that was judged. */
INLINE void copy_to(struct taker *client, uint32_t offset, const unsigned char *from,
                    uint64_t first, size_t length)
{
    unsigned char *to = client->data + offset;
    uint64_t frame = (uint64_t)length << 32U | offset;

    (void)net_words_put(&client->link.out, &frame);
    link_count(&client->link, COUNT_BYTES, length);
    quoll_copy(to, from, length);
    __builtin_memcpy(to, &first, sizeof first);
}

/*
 * Let a client have the frame, if it can take it. Only what follows its first word is still
 * read from the pool. @return the batch's list, with the client
 */
INLINE struct taker *give(struct taker *client, struct taker *batch, const unsigned char *from,
                          uint64_t first, size_t length)
{
    struct link *link = &client->link;
    struct net_frame frame;

    if (client->next == NULL) {
        client->next = batch;
        batch = client;
        look_at(client);
    }
    if (RARELY(link->out.room == 0 || !client_buffer(link, client->size, length, &frame))) {
        takers_fall_behind(link);
        return batch;
    }
    copy_to(client, frame.offset, from, first, length);
    return batch;
}

__attribute__((noinline, cold)) static struct taker *give_to_all(struct taker *batch,
                                                                 const unsigned char *from,
                                                                 uint64_t first, size_t length)
{
    for (unsigned i = 0; i < rx.number; i++) {
        batch = give(&rx.taker[i], batch, from, first, length);
    }
    return batch;
}

/* Demultiplex by destination, the frame's first bytes. */
INLINE struct taker *deliver(struct taker *batch, const unsigned char *frame, uint64_t first,
                             size_t length)
{
    struct taker *client = rx.recent;

    if (RARELY(MAC_KEY(first) != rx.recent_key)) {
        if ((first & MULTICAST) != 0) {
            return give_to_all(batch, frame, first, length);
        }
        client = takers_search(MAC_KEY(first));
        if (client == NULL) {
            return batch;
        }
    }
    return give(client, batch, frame, first, length);
}

/* ---- The driver ---- */

/*
 * Put the buffer with this number where the driver finds it. There is room for it, unless the
 * driver breaks the rules: then that one stays with it.
 */
INLINE void lend(struct net_rx_buffer *buffer)
{
    struct queue_producer *out = &rx.pool.driver.out;
    uint32_t at = out->tail;

    buffer->address = pool_address(&rx.pool, buffer->id);
    if (net_rx_buffers_put(out, buffer)) {
        place[buffer->id] = at;
    }
}

/* It has reset the device, and has no buffers yet. */
static void renew(void)
{
    struct net_rx_buffer buffer = {0};

    (void)queue_look_for_room(&rx.pool.driver.out);
    for (; buffer.id < rx.pool.most; buffer.id++) {
        place[buffer.id] = INT32_MAX; /* if there is no room: not shown for a long time */
        lend(&buffer);
    }
    publish_to_driver();
}

/* Whether the driver can have a buffer, whatever the number: it has been shown its place. */
static inline bool is_lent(uint32_t id)
{
    return id < rx.pool.most && (int32_t)(place[id] - rx.pool.driver.out.published) < 0;
}

/*
 * What is done with a buffer; it is on its way back then. The length of the frame in it, or 0:
 * there is none.
 */
INLINE size_t take(const struct net_rx_done *done)
{
    struct link *driver = &rx.pool.driver;
    struct net_rx_buffer buffer = {.id = done->id};
    size_t length = done->length;

    if (RARELY(!is_lent(done->id))) {
        link_count(driver, COUNT_REFUSED, 1);
        return 0;
    }
    lend(&buffer);
    if (RARELY(!is_frame(length))) {
        link_count(driver, COUNT_REFUSED, length != 0);
        return 0;
    }
    if (RARELY(!rx.pool.coherent)) {
        pool_invalidate(&rx.pool, done->id);
    }
    return length;
}

/* Deliver what is done; all buffers are on their way back. */
INLINE struct taker *take_all_done(struct taker *batch)
{
    struct link *driver = &rx.pool.driver;
    struct queue_taking in = queue_look_and_begin(&driver->in);
    struct net_rx_done done;
    uint64_t bytes = 0;

    if (driver->out.room < driver->in.ready) {
        (void)queue_look_for_room(&driver->out);
    }
    while (net_rx_dones_next(&in, &done)) {
        size_t length = take(&done);

        if (RARELY(length == 0)) {
            continue;
        }
        const unsigned char *frame = pool_frame(&rx.pool, done.id);

        batch = deliver(batch, frame, word_at(frame), length);
        bytes += length;
    }
    queue_taking_end(&driver->in, &in);
    link_count(driver, COUNT_BYTES, bytes);
    return batch;
}

/* Those that are on their way back; if a client is behind, as many as clients have room for. */
OUTLINE void supply(void)
{
    struct queue_producer *out = &rx.pool.driver.out;
    uint32_t tail = out->tail, hidden = tail - out->published;

    if (takers_behind()) {
        uint32_t room = takers_room(), with_driver = rx.pool.most - hidden;

        out->tail -= room > with_driver ? hidden - least(hidden, room - with_driver) : hidden;
    }
    publish_to_driver();
    out->tail = tail;
}

/* Whether the driver is to see buffers that are on their way back. */
INLINE bool supply_due(void)
{
    return rx.pool.driver.in.head - rx.pool.driver.in.released >= rx.pool.by;
}

/* ---- One frame alone ---- */

OUTLINE void publish_and_receive(struct taker *client)
{
    receive_more(publish_to_one(client));
}

/* One frame that is not for the usual client, or finds something there not as usual. */
OUTLINE void deliver_one(const unsigned char *frame, uint64_t first, size_t length)
{
    publish_one(deliver(LAST, frame, first, length));
}

/*
 * One frame alone for whom the last one was for, with all as it should be: then no function is
 * called, and nothing has to be saved. What is not so goes on elsewhere.
 */
INLINE void receive_one(struct queue_taking *in)
{
    struct link *driver = &rx.pool.driver;
    struct taker *client = rx.recent;
    struct net_rx_done done;
    struct net_frame buffer;

    if (RARELY(driver->out.room == 0)) {
        receive_all();
        return;
    }
    (void)net_rx_dones_next(in, &done);
    size_t length = take(&done);

    if (RARELY(length == 0)) {
        skip_one();
        return;
    }
    const unsigned char *frame = pool_frame(&rx.pool, done.id);
    uint64_t first = word_at(frame);

    link_count(driver, COUNT_BYTES, length);
    if (RARELY(MAC_KEY(first) != rx.recent_key || !link_still_up(&client->link) ||
               client->link.out.room == 0 || !net_frames_take(&client->link.in, &buffer))) {
        deliver_one(frame, first, length);
        return;
    }
    if (RARELY(!within(client->size, &buffer)) || RARELY(buffer.length < length)) { /* fits() */
        link_count(&client->link, COUNT_REFUSED, 1);
        deliver_one(frame, first, length);
        return;
    }
    copy_to(client, buffer.offset, frame, first, length);
    queue_taking_end(&driver->in, in);
    if (RARELY(link_took_many(&client->link))) {
        publish_and_receive(client);
        return;
    }
    bool asleep = publish_frames(&client->link, 1, 0);

    if (RARELY(!asleep || supply_due())) {
        receive_more(asleep);
    }
}

/* ---- Entry points ---- */

void pd_start(void)
{
    takers_open(LINK_NET_RX_CLIENT);
    for (unsigned i = 0; i < rx.number; i++) {
        const struct quoll_region_config *data = &rx.taker[i].link.config->data;

        rx.taker[i].data = (unsigned char *)(uintptr_t)data->vaddr;
        rx.taker[i].size = data->size;
    }
    pool_open(&rx.pool);
    wake_for_more(rx.pool.driver.channel);
}
