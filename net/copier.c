/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A copier: stands between the receive virtualiser and one client, and copies each
 * frame from the pool, which the client may not see, into a buffer that the client
 * gave. One per client, so whatever the client does costs only the client: with no
 * good buffer of its own to copy into, it loses frames. A pool buffer goes back by being
 * taken off the queue, after it was copied; nothing else needs to be said of it.
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

#include "frames.h"
#include "info.h"

static struct copier {
    struct link virt;
    struct link client;
    struct net_relay relay;
    uint32_t rounds; /* that made a wake-up longer */
} copier;

#define BATCH  32U
#define ROUNDS 16U /* before we look after the client again */

/* Frames that were checked and have a buffer: first all are found, then all are copied. */
struct batch {
    unsigned count;
    uint32_t bytes;
    uint32_t buffers;   /* the first that was taken, */
    uint32_t delivered; /* and where in the other queue it went */
    struct job {
        const unsigned char *from;
        unsigned char *to;
        uint32_t length;
    } job[BATCH];
};

/* What the client has not asked for, or cannot be. */
__attribute__((cold)) static void lose(struct link *link, enum quoll_link_counter why)
{
    link_count(link, why, 1);
}

/* Take the next frames and find buffers for them. */
static inline void find(struct batch *batch)
{
    const struct quoll_region_config *pool = &copier.virt.config->data;
    const struct quoll_region_config *data = &copier.client.config->data;
    struct queue_taking from_virt = queue_taking_begin(&copier.virt.in);
    struct queue_putting to_client = queue_putting_begin(&copier.client.out);
    struct job *job = batch->job;
    struct net_frame frame, buffer;
    uint32_t bytes = 0;

    batch->buffers = copier.client.in.head;
    batch->delivered = to_client.at;
    while (job < batch->job + BATCH && net_frames_next(&from_virt, &frame)) {
        if (frame.length < NET_FRAME_MIN || frame.length > NET_FRAME_MAX ||
            !within(pool->size, &frame)) {
            lose(&copier.virt, COUNT_REFUSED);
        } else if (to_client.at == to_client.end ||
                   !client_buffer(&copier.client, data->size, frame.length, &buffer)) {
            lose(&copier.client, COUNT_DROPPED);
        } else {
            *job++ =
                (struct job){(const unsigned char *)(uintptr_t)pool->vaddr + frame.offset,
                             (unsigned char *)(uintptr_t)data->vaddr + buffer.offset, frame.length};
            bytes += frame.length;
            buffer = (struct net_frame){.offset = buffer.offset, .length = frame.length};
            (void)net_frames_add(&to_client, &buffer);
        }
    }
    batch->count = (unsigned)(job - batch->job);
    batch->bytes = bytes;
    queue_taking_end(&copier.virt.in, &from_virt);
    queue_putting_end(&copier.client.out, &to_client);
}

/* The virtualiser's life changed while we copied: it is nobody's to see. */
__attribute__((cold)) static void take_back(const struct batch *batch)
{
    struct queue_consumer *buffers = &copier.client.in;
    struct queue_producer *delivered = &copier.client.out;

    for (unsigned i = 0; i < batch->count; i++) {
        memset(batch->job[i].to, 0, batch->job[i].length);
    }
    buffers->ready += buffers->head - batch->buffers; /* not given back: for the next frames */
    buffers->head = batch->buffers;
    delivered->room += delivered->tail - batch->delivered;
    delivered->tail = batch->delivered;
    link_count(&copier.client, COUNT_DROPPED, batch->count);
}

static inline void copy(const struct batch *batch)
{
    for (const struct job *job = batch->job; job < batch->job + batch->count; job++) {
        memcpy(job->to, job->from, job->length);
    }
    if (link_still_up(&copier.virt)) {
        link_count(&copier.client, COUNT_BYTES, batch->bytes);
    } else {
        take_back(batch);
    }
}

__attribute__((noinline)) static void look_at_client(void)
{
    if (link_check(&copier.client) != LINK_DOWN) {
        (void)queue_look(&copier.client.in);
        (void)queue_look_for_room(&copier.client.out);
    }
}

/* What we know of from before is good enough, if it is enough for all frames. */
static inline bool enough_for(uint32_t frames)
{
    return copier.client.in.ready >= frames && copier.client.out.room >= frames;
}

/* Give back the pool's buffers, show the client its frames, go to sleep: false if there are more.
 */
static inline bool publish_and_sleep(void)
{
    uint32_t taken = link_show_head(&copier.virt);
    uint32_t delivered = link_show_tail(&copier.client);
    uint32_t given = link_show_head_by_batch(&copier.client);

    queue_show_sleep(&copier.virt.in);
    queue_fence();
    link_wake(&copier.virt, 0, taken);
    link_wake(&copier.client, delivered, given);
    return queue_look(&copier.virt.in) == 0;
}

static inline void pass_on_news(void)
{
    if (net_relay_news(&copier.relay, &copier.virt)) {
        net_relay_tell(&copier.relay, &copier.client);
    }
}

/*
 * A virtualiser on another core may have more for ever: now and then, we look at what else
 * we may have been notified of. False if its life is over; the next one will notify us.
 */
__attribute__((noinline)) static bool go_on(void)
{
    copier.rounds += 1U;
    if (copier.rounds % ROUNDS == 0) {
        look_at_client();
        pass_on_news();
    }
    return link_still_up(&copier.virt);
}

static void receive(void)
{
    struct batch batch;

    (void)queue_look(&copier.virt.in);
    do {
        if (!enough_for(copier.virt.in.ready)) {
            look_at_client();
        }
        do {
            find(&batch);
            copy(&batch);
        } while (copier.virt.in.ready > 0);
    } while (!publish_and_sleep() && go_on());
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
    (void)link_check(&copier.client);
    if (channel == copier.virt.config->channel) {
        link_count(&copier.virt, COUNT_WOKEN, 1);
    } else {
        link_count(&copier.client, COUNT_WOKEN, 1);
        look_at_client();
    }
    enum link_state state = link_check(&copier.virt);

    if (state == LINK_CAME_UP) {
        net_relay_renew(&copier.relay);
    }
    pass_on_news();
    if (state != LINK_DOWN) {
        receive();
    }
}
