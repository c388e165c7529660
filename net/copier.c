/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A copier: stands between the receive virtualiser and one client, and copies each
 * frame from the pool, which the client may not see, into a buffer that the client
 * gave. One per client, so whatever the client does costs only the client: with no
 * good buffer of its own to copy into, it loses frames; pool buffers go back at once.
 *
 * A buffer of the client is read once, checked and used; giving the same one twice
 * only makes its frames overwrite each other. A new life of the virtualiser hands out
 * the whole pool anew, even what is being copied here: so copies count only if the life
 * did not change under them, and are wiped otherwise, since they may hold what is
 * another client's.
 */
#include <string.h>

#include <quoll/link.h>
#include <quoll/net.h>
#include <quoll/pd.h>

#include "info.h"

static struct copier {
    struct link virt;
    struct link client;
    struct net_relay relay;
} copier;

#define BATCH 32U

/* Frames that were checked and have a buffer: first all are found, then all are copied. */
struct batch {
    unsigned count;
    uint64_t bytes;
    struct queue_consumer buffers; /* as they were before */
    struct job {
        const unsigned char *from;
        unsigned char *to;
        uint32_t length;
    } job[BATCH];
};

static inline bool within(uint64_t size, const struct net_frame *frame)
{
    return frame->offset <= size && frame->length <= size - frame->offset;
}

/*
 * The next of the client's buffers that a frame of `length` bytes fits into; skips
 * those that do not lie in its data region.
 */
static inline bool client_buffer(struct queue_consumer *buffers, uint64_t size, uint16_t length,
                                 struct net_frame *buffer)
{
    while (net_frames_take(buffers, buffer)) {
        if (within(size, buffer) && buffer->length >= length) {
            return true;
        }
        link_count(&copier.client, COUNT_REFUSED, 1);
    }
    return false;
}

/* Take frames and find buffers for them, as far as there is room to give the pool's back. */
static void find(struct batch *batch)
{
    const struct quoll_region_config *pool = &copier.virt.config->data;
    const struct quoll_region_config *data = &copier.client.config->data;
    struct queue_consumer from_virt = queue_consumer_begin(&copier.virt.in);
    struct queue_producer to_virt = queue_producer_begin(&copier.virt.out);
    struct queue_consumer buffers = queue_consumer_begin(&copier.client.in);
    struct queue_producer to_client = queue_producer_begin(&copier.client.out);
    struct job *job = batch->job;
    struct net_frame frame, buffer;
    uint64_t bytes = 0;

    batch->buffers = buffers;
    while (job < batch->job + BATCH && to_virt.room > 0 && net_frames_take(&from_virt, &frame)) {
        (void)net_frames_put(&to_virt, &frame);
        if (frame.length < NET_FRAME_MIN || frame.length > NET_FRAME_MAX ||
            !within(pool->size, &frame)) {
            link_count(&copier.virt, COUNT_REFUSED, 1);
        } else if (to_client.room == 0 ||
                   !client_buffer(&buffers, data->size, frame.length, &buffer)) {
            link_count(&copier.client, COUNT_DROPPED, 1);
        } else {
            *job++ =
                (struct job){(const unsigned char *)(uintptr_t)pool->vaddr + frame.offset,
                             (unsigned char *)(uintptr_t)data->vaddr + buffer.offset, frame.length};
            bytes += frame.length;
            buffer = (struct net_frame){.offset = buffer.offset, .length = frame.length};
            (void)net_frames_put(&to_client, &buffer);
        }
    }
    batch->count = (unsigned)(job - batch->job);
    batch->bytes = bytes;
    queue_consumer_end(&copier.virt.in, &from_virt);
    queue_producer_end(&copier.virt.out, &to_virt);
    queue_consumer_end(&copier.client.in, &buffers);
    queue_producer_end(&copier.client.out, &to_client);
}

/* Copy what was found; if the virtualiser's life changed, it is nobody's to see. */
static void copy(const struct batch *batch)
{
    for (unsigned i = 0; i < batch->count; i++) {
        memcpy(batch->job[i].to, batch->job[i].from, batch->job[i].length);
    }
    if (link_peer_life(&copier.virt) == copier.virt.peer_life) {
        link_count(&copier.client, COUNT_BYTES, batch->bytes);
        return;
    }
    for (unsigned i = 0; i < batch->count; i++) {
        memset(batch->job[i].to, 0, batch->job[i].length);
    }
    queue_consumer_end(&copier.client.in,
                       &batch->buffers); /* not used, and not given back: for the next frames */
    copier.client.out.tail -= batch->count;
    copier.client.out.room += batch->count;
    link_count(&copier.client, COUNT_DROPPED, batch->count);
}

/* Pass on what there is, as long as there is room to give the pool's buffers back. */
static void pass_all_on(void)
{
    struct batch batch;

    do {
        find(&batch);
        copy(&batch);
    } while (batch.count == BATCH);
}

static void look_at_client(void)
{
    if (copier.client.up) {
        (void)queue_look(&copier.client.in);
        (void)queue_look_for_room(&copier.client.out);
    } else {
        copier.client.out.room = 0;
    }
}

static void publish_to_client(void)
{
    if (copier.client.up) {
        link_release(&copier.client);
        link_publish(&copier.client);
    }
}

/* Each frame taken needs a slot to give it back. */
static bool room_to_return(void)
{
    return queue_look_for_room(&copier.virt.out) > 0 || !queue_wait_for_room(&copier.virt.out);
}

static void receive(void)
{
    do {
        (void)queue_look(&copier.virt.in);
        look_at_client();
        if (!room_to_return()) {
            return;
        }
        pass_all_on();
        link_publish(&copier.virt);
        publish_to_client();
    } while (!link_sleep(&copier.virt));
}

void pd_start(void)
{
    link_open(&copier.client, quoll_find_link(LINK_NET_RX_CLIENT, NULL, 0),
              sizeof(struct net_frame));
    link_open(&copier.virt, quoll_find_link(LINK_NET_RX_COPIER, NULL, 0), sizeof(struct net_frame));
    pd_wake(copier.virt.config->channel);
}

void pd_wake(microkit_channel channel)
{
    link_count(channel == copier.virt.config->channel ? &copier.virt : &copier.client, COUNT_WOKEN,
               1);
    (void)link_check(&copier.client);
    enum link_state state = link_check(&copier.virt);

    if (state == LINK_CAME_UP) {
        net_relay_renew(&copier.relay);
    }
    if (net_relay_news(&copier.relay, &copier.virt)) {
        net_relay_tell(&copier.relay, &copier.client);
    }
    if (state != LINK_DOWN) {
        receive();
        (void)link_broken(&copier.virt);
    }
    (void)link_broken(&copier.client);
}
