/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's network device. See <quoll/net_client.h>.
 *
 * The ledger says of each buffer who has it: we, the server (copier or transmit
 * virtualiser), or the program. A server can give back only what it has, at the place
 * where we put it, so it can damage frames but not the program's memory.
 *
 * When the last free Tx buffer is on its way, we go to sleep on the queue they come
 * back through, before the frames are published: a virtualiser that sees the frames
 * sees that we wait (net/tx_virt.c).
 */
#include <string.h>

#include <quoll/net_client.h>

#include "frames.h"

#define BUFFER_SHIFT 11U

static_assert(NET_BUFFER_SIZE == 1U << BUFFER_SHIFT, "for index_of()");

enum holder {
    OURS, /* in `free`, or not used */
    SERVER,
    PROGRAM,
};

static uint32_t offset_of(uint32_t buffer)
{
    return buffer * NET_BUFFER_SIZE + NET_CLIENT_OFFSET;
}

/* In one piece, as it is written. */
static inline struct net_frame frame_of(uint32_t buffer, uint16_t length)
{
    uint64_t word = (uint64_t)length << 32U | offset_of(buffer);
    struct net_frame frame;

    static_assert(sizeof frame == sizeof word && offsetof(struct net_frame, length) == 4, "ABI");
    __builtin_memcpy(&frame, &word, sizeof frame);
    return frame;
}

/* A quotient with the remainder above it, so that only what leaves none is a small number. */
static inline uint32_t index_of(uint32_t offset)
{
    uint32_t at = offset - NET_CLIENT_OFFSET;

    return at / NET_BUFFER_SIZE | at << (32U - BUFFER_SHIFT);
}

/* The buffer that an entry of a server names; false if the server does not have it. */
static inline bool from_server(const struct net_client_pool *pool, const struct net_frame *frame,
                               uint16_t *buffer)
{
    uint32_t index = index_of(frame->offset);

    *buffer = (uint16_t)index;
    return index < pool->count && pool->holder[index] == SERVER;
}

static inline void put_in_stock(struct net_client_pool *pool, uint32_t buffer)
{
    uint32_t stock = pool->stock;

    pool->free[stock] = (uint16_t)buffer;
    pool->stock = stock + 1U;
    pool->holder[buffer] = OURS;
}

/* No more buffers than the queues have places, so that none is ever without one. */
static void open_pool(struct net_client_pool *pool, const struct quoll_link_config *config)
{
    uint32_t places = least(config->produce_capacity, config->consume_capacity);

    link_open(&pool->link, config, sizeof(struct net_frame));
    pool->data = (unsigned char *)(uintptr_t)config->data.vaddr;
    pool->count = (uint16_t)least(least(places, NET_CLIENT_BUFFERS),
                                  (uint32_t)(config->data.size / NET_BUFFER_SIZE));
    pool->plenty = pool->count - (pool->count + 7) / 8;
    for (uint16_t buffer = pool->count; buffer > 0; buffer--) {
        put_in_stock(pool, (uint16_t)(buffer - 1U));
    }
}

/* A server's new life: all that its old one had is ours again. */
static void take_all_back(struct net_client_pool *pool)
{
    for (uint16_t buffer = 0; buffer < pool->count; buffer++) {
        if (pool->holder[buffer] == SERVER) {
            put_in_stock(pool, buffer);
        }
    }
}

/* What was read of the information of the life before is forgotten. */
__attribute__((cold, noinline)) static void renew(struct net_client_pool *pool)
{
    if (link_renew(&pool->link) == LINK_CAME_UP) {
        take_all_back(pool);
    }
    pool->info_seen = 1; /* no generation of whole information is odd */
    pool->ready = false;
}

static inline void keep_up(struct net_client_pool *pool)
{
    if (!link_still_up(&pool->link)) {
        renew(pool);
    }
}

/* A link that is down has none that is known of. */
static inline bool has_room(struct link *link)
{
    return link->out.room > 0 || (link->up && queue_look_for_room(&link->out) > 0);
}

/* Hand a buffer of ours or the program's to the server; it comes back if that fails. */
static inline void hand_over(struct net_client_pool *pool, uint32_t buffer, uint16_t length)
{
    struct net_frame frame = frame_of(buffer, length);
    struct link *link = &pool->link;

    if (!has_room(link)) {
        link_count(link, COUNT_DROPPED, 1);
        put_in_stock(pool, buffer);
        return;
    }
    pool->holder[buffer] = SERVER;
    (void)net_frames_put(&link->out, &frame);
}

/* ---- Receiving ---- */

/* All in stock goes to the server. */
__attribute__((noinline)) static void supply(struct net_client_pool *rx)
{
    if (!rx->link.up) {
        return;
    }
    uint32_t stock = rx->stock;
    uint32_t number = least(stock, queue_look_for_room(&rx->link.out));
    struct queue_putting out = queue_putting_begin(&rx->link.out);

    rx->stock = stock - number;
    for (; number > 0; number--) {
        uint32_t buffer = rx->free[--stock];
        struct net_frame frame = frame_of(buffer, NET_BUFFER_SIZE - NET_CLIENT_OFFSET);

        rx->holder[buffer] = SERVER;
        (void)net_frames_add(&out, &frame);
    }
    queue_putting_end(&rx->link.out, &out);
}

/* A server with seven eighths of all buffers has plenty; it has what it did not give back. */
static inline bool has_plenty(const struct net_client_pool *rx)
{
    return (int32_t)(rx->link.out.tail - rx->link.in.head) > rx->plenty;
}

bool net_receive(struct net_client *client, struct net_received *frame)
{
    struct net_client_pool *rx = &client->rx;
    struct net_frame entry;

    if (rx->link.in.ready == 0 && (!rx->link.up || queue_look(&rx->link.in) == 0)) {
        return false;
    }
    while (net_frames_take(&rx->link.in, &entry)) {
        if (!from_server(rx, &entry, &frame->buffer) || !is_frame(entry.length)) {
            link_count(&rx->link, COUNT_REFUSED, 1);
            continue;
        }
        rx->holder[frame->buffer] = PROGRAM;
        frame->data = rx->data + entry.offset;
        frame->length = entry.length;
        link_count(&rx->link, COUNT_BYTES, entry.length);
        return true;
    }
    return false;
}

void net_return(struct net_client *client, uint16_t buffer)
{
    struct net_client_pool *rx = &client->rx;

    if (buffer < rx->count && rx->holder[buffer] == PROGRAM) {
        put_in_stock(rx, buffer);
    }
}

/* ---- Sending ---- */

__attribute__((noinline)) static void take_sent(struct net_client_pool *tx)
{
    struct net_frame frame;
    uint16_t buffer;

    if (!tx->link.up || queue_look(&tx->link.in) == 0) {
        return;
    }
    tx->awaited = false; /* that was for these */
    struct queue_taking in = queue_taking_begin(&tx->link.in);

    while (net_frames_next(&in, &frame)) {
        if (from_server(tx, &frame, &buffer)) {
            put_in_stock(tx, buffer);
        } else {
            link_count(&tx->link, COUNT_REFUSED, 1);
        }
    }
    queue_taking_end(&tx->link.in, &in);
    link_release(&tx->link);
}

uint8_t *net_tx_buffer(struct net_client *client)
{
    struct net_client_pool *tx = &client->tx;

    if (tx->stock == 0) {
        take_sent(tx);
    }
    client->tx_wanted = tx->stock == 0;
    if (client->tx_wanted) {
        return NULL;
    }
    tx->stock -= 1U;
    uint32_t buffer = tx->free[tx->stock];

    tx->holder[buffer] = PROGRAM;
    return tx->data + offset_of(buffer);
}

void net_send(struct net_client *client, const uint8_t *buffer, uint16_t length)
{
    struct net_client_pool *tx = &client->tx;
    uint64_t index = (uint64_t)(buffer - tx->data) / NET_BUFFER_SIZE;

    if (index >= tx->count || tx->holder[index] != PROGRAM) {
        return;
    }
    if (length == 0) {
        put_in_stock(tx, (uint32_t)index);
        return;
    }
    hand_over(tx, (uint32_t)index, length);
    link_count(&tx->link, COUNT_BYTES, length);
}

/* ---- Batches, sleep, lives ---- */

/* There is no Tx buffer in stock: whether we wait for some; false if there are some again. */
static bool out_of_buffers(struct net_client_pool *tx)
{
    if (!tx->link.up) {
        return false;
    }
    if (!queue_sleep(&tx->link.in)) {
        take_sent(tx);
    }
    return tx->stock == 0 && queue_sleep(&tx->link.in);
}

/* Whether we wait for Tx buffers is said before the frames that make us wait are shown. */
static inline void see_to_buffers(struct net_client *client)
{
    struct link *tx = &client->tx.link;

    if (!has_plenty(&client->rx)) {
        supply(&client->rx);
    }
    bool waiting = client->tx.stock == 0 && out_of_buffers(&client->tx);

    if (waiting && !client->tx.awaited && tx->out.tail == tx->out.published) {
        link_signal(tx); /* it has our frames already, and does not know that we wait */
    }
    client->tx.awaited = waiting;
}

/* Frames sent, buffers given, buffers taken, and that we sleep if so: all with one fence. */
__attribute__((always_inline)) static inline void publish(struct net_client *client)
{
    struct link *rx = &client->rx.link, *tx = &client->tx.link;
    uint32_t sent = link_show_tail(tx);
    uint32_t given = rx->out.tail == rx->out.published ? 0 : link_show_tail(rx);
    uint32_t taken = link_show_head_by_batch(rx);

    queue_fence();
    link_wake(tx, sent, 0);
    link_wake(rx, given, taken);
}

void net_client_flush(struct net_client *client)
{
    see_to_buffers(client);
    publish(client);
}

bool net_client_sleep(struct net_client *client)
{
    see_to_buffers(client);
    bool buffers = client->tx_wanted && client->tx.stock > 0; /* they may have come just now */

    client->tx_wanted = client->tx_wanted && !buffers;
    queue_show_sleep(&client->rx.link.in);
    publish(client);
    return (!client->rx.link.up || queue_look(&client->rx.link.in) == 0) && !buffers;
}

bool net_client_wake(struct net_client *client, microkit_channel channel)
{
    if (client->rx.link.config == NULL) {
        return false;
    }
    struct net_client_pool *woken = channel == client->rx.link.config->channel   ? &client->rx
                                    : channel == client->tx.link.config->channel ? &client->tx
                                                                                 : NULL;

    keep_up(&client->rx);
    keep_up(&client->tx);
    if (woken == NULL) {
        return false;
    }
    link_count(&woken->link, COUNT_WOKEN, 1);
    if (client->tx.stock == 0) {
        take_sent(&client->tx);
    }
    return true;
}

enum quoll_error net_client_open(struct net_client *client, const char *device)
{
    const struct quoll_link_config *rx = quoll_find_link(LINK_NET_RX_CLIENT, device, 0);
    const struct quoll_link_config *tx = quoll_find_link(LINK_NET_TX_CLIENT, device, 0);

    if (rx == NULL || tx == NULL) {
        return QUOLL_ENOTFOUND;
    }
    open_pool(&client->rx, rx);
    open_pool(&client->tx, tx);
    (void)net_client_wake(client, rx->channel);
    net_client_flush(client);
    return QUOLL_OK;
}

void net_client_mac(const struct net_client *client, uint8_t mac[6])
{
    memcpy(mac, client->tx.link.config->settings.net.mac, 6);
}

/* The information is read anew when its generation says that there is some. */
static bool ready(struct net_client_pool *pool)
{
    const struct link *link = &pool->link;
    struct net_info info;

    if (!link->up) {
        return false;
    }
    uint32_t generation = link_generation(link);

    if (generation != pool->info_seen) {
        if (!link_told(link, &info, sizeof info)) {
            return false; /* it is being written, and the server will wake us */
        }
        pool->ready = info.ready == 1 && info.link == 1;
        pool->info_seen = generation;
    }
    return pool->ready;
}

bool net_client_ready(struct net_client *client)
{
    return ready(&client->rx) && ready(&client->tx);
}
