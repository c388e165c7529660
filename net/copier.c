/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A copier: stands between the receive virtualiser and one client, and copies each
 * frame from the pool, which the client may not see, into a buffer that the client
 * gave. One per client, so whatever the client does costs only the client: with no
 * buffer of its own to copy into, its frames wait here, until the virtualiser lets it have no
 * more; if what it gave is no good, they are lost. A pool buffer goes back by being taken off
 * the queue, after it was copied; nothing else needs to be said of it.
 *
 * A buffer of the client is read once, checked and used; giving the same one twice
 * only makes its frames overwrite each other. A new life of the virtualiser hands out
 * the whole pool anew, even what is being copied here: so copies count, and are shown, only
 * if the life did not change under them, and are wiped otherwise, since they may hold what
 * is another client's.
 */
#include <string.h>

#include <quoll/copy.h>
#include <quoll/link.h>
#include <quoll/net.h>
#include <quoll/pd.h>

#include "frames.h"
#include "info.h"

static struct copier {
    struct link virt;
    struct link client;
    const unsigned char *pool; /* what the virtualiser's frames lie in, */
    uint64_t pool_size;
    unsigned char *data; /* and the client's buffers */
    uint64_t data_size;
    struct net_relay relay;
    uint32_t buffers; /* of the client's, the first that was taken for these frames */
    uint32_t rounds;  /* that made a wake-up longer */
} copier;

#define ROUNDS        16U /* before we look after the client again */
#define INLINE        __attribute__((always_inline)) static inline
#define RARELY(truth) __builtin_expect((truth), 0)

/* What the client has not asked for, or cannot be. */
__attribute__((cold)) static void lose(struct link *link, enum quoll_link_counter why)
{
    link_count(link, why, 1);
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

/*
 * Of the frames found, those stay that the client has no buffers or room for. @return how many
 *
 * Those of a client that is not there are lost.
 */
static uint32_t leave_some(struct queue_taking *from_virt)
{
    uint32_t frames = from_virt->end - from_virt->at;

    look_at_client();
    if (!link_still_up(&copier.client)) {
        link_count(&copier.client, COUNT_DROPPED, frames);
        from_virt->at = from_virt->end;
        return 0;
    }
    uint32_t most = least(frames, least(copier.client.in.ready, copier.client.out.room));

    from_virt->end = from_virt->at + most;
    return frames - most;
}

static inline bool is_in_pool(const struct net_frame *frame)
{
    return is_frame(frame->length) && within(copier.pool_size, frame);
}

/*
 * Copy the frames, for which there is room, and a buffer each if all are good. What is gone
 * through stays in registers. @return the frames' bytes
 */
INLINE uint64_t copy_all(struct queue_taking from_virt)
{
    struct link *client = &copier.client;
    struct queue_taking buffers = queue_taking_begin(&client->in);
    struct queue_putting out = queue_putting_begin(&client->out);
    struct net_frame frame;
    uint64_t bytes = 0;

    copier.buffers = buffers.at;
    while (net_frames_next(&from_virt, &frame)) {
        struct net_frame buffer;
        size_t length = frame.length;

        if (!is_in_pool(&frame)) {
            lose(&copier.virt, COUNT_REFUSED);
            continue;
        }
        bool found = net_frames_next(&buffers, &buffer);

        if (found && RARELY(!fits(copier.data_size, &buffer, length))) {
            struct found_buffer good = another_buffer(client, buffers, copier.data_size, length);

            buffers.at = good.at;
            buffer = good.buffer;
            found = buffer.length >= length;
        }
        if (RARELY(!found)) {
            lose(client, COUNT_DROPPED);
            continue;
        }
        buffer = (struct net_frame){.offset = buffer.offset, .length = (uint16_t)length};
        net_frames_push(&out, &buffer);
        quoll_copy(copier.data + buffer.offset, copier.pool + frame.offset, length);
        bytes += length;
    }
    queue_putting_end(&client->out, &out);
    queue_taking_end(&client->in, &buffers);
    queue_taking_end(&copier.virt.in, &from_virt);
    return bytes;
}

/* The virtualiser's life changed while we copied: it is nobody's to see. */
__attribute__((noinline, cold)) static void take_back(void)
{
    struct queue_consumer *buffers = &copier.client.in;
    struct queue_producer *delivered = &copier.client.out;
    const struct net_frame *entries = (const void *)delivered->mine->entries;
    uint32_t frames = delivered->tail - delivered->published;

    for (; delivered->tail != delivered->published; delivered->tail--, delivered->room++) {
        struct net_frame copy = entries[(delivered->tail - 1U) & (delivered->capacity - 1U)];

        memset(copier.data + copy.offset, 0, copy.length);
    }
    buffers->ready += buffers->head - copier.buffers; /* not given back: for the next frames */
    buffers->head = copier.buffers;
    link_count(&copier.client, COUNT_DROPPED, frames);
}

static inline void settle(uint64_t bytes)
{
    if (link_still_up(&copier.virt)) {
        link_count(&copier.client, COUNT_BYTES, bytes);
    } else {
        take_back();
    }
}

/*
 * Give back the pool's buffers, show the client its frames, go to sleep: false if there are
 * more. The virtualiser looks for its buffers when it needs some, and is told only if it has
 * nobody left to give a frame to.
 */
INLINE bool publish_and_sleep(void)
{
    struct link *client = &copier.client, *virt = &copier.virt;
    const struct queue_consumer_half *peer = client->out.peer;
    uint32_t tail = client->out.tail;
    uint32_t delivered = link_show_tail(client), given = link_show_head_by_batch(client);
    uint32_t returned = link_show_head(virt);
    bool asleep = queue_sleep(&virt->in);

    if (queue_entries_awaited_from(peer, tail, delivered)) {
        link_signal(client);
    } else if (given != 0) {
        link_wake(client, 0, given);
    }
    if (queue_room_awaited(&virt->in, returned)) {
        link_signal(virt);
    }
    return asleep;
}

/* For the client, to go on with what was left: whether it will wake us. */
__attribute__((noinline)) static bool wait_for_client(void)
{
    struct link *client = &copier.client;
    bool no_buffers = client->in.ready == 0 && queue_sleep(&client->in);
    bool no_room = client->out.room == 0 && queue_wait_for_room(&client->out);

    return no_buffers || no_room;
}

__attribute__((noinline)) static bool receive_what_fits(struct queue_taking from_virt)
{
    uint32_t left = leave_some(&from_virt);

    settle(copy_all(from_virt));
    bool asleep = publish_and_sleep();

    return left == 0 ? asleep : wait_for_client();
}

static bool receive(void)
{
    struct queue_taking from_virt = queue_look_and_begin(&copier.virt.in);

    if (!enough_for(from_virt.end - from_virt.at)) {
        return receive_what_fits(from_virt);
    }
    settle(copy_all(from_virt));
    return publish_and_sleep();
}

__attribute__((noinline)) static void pass_on_news(void)
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

__attribute__((noinline)) static void receive_all(void)
{
    while (!receive() && go_on()) {}
}

__attribute__((noinline)) static void receive_more(void)
{
    if (go_on()) {
        receive_all();
    }
}

/* One frame alone, and a buffer and room for it: straight code, with all in the handles. */
INLINE void receive_one(struct queue_taking *from_virt)
{
    struct link *client = &copier.client;
    struct net_frame frame, buffer;
    size_t bytes = 0;

    copier.buffers = client->in.head;
    (void)net_frames_next(from_virt, &frame);
    if (!is_in_pool(&frame)) {
        lose(&copier.virt, COUNT_REFUSED);
    } else if (!client_buffer(client, copier.data_size, frame.length, &buffer)) {
        lose(client, COUNT_DROPPED);
    } else {
        bytes = frame.length;
        buffer = (struct net_frame){.offset = buffer.offset, .length = frame.length};
        (void)net_frames_put(&client->out, &buffer);
        quoll_copy(copier.data + buffer.offset, copier.pool + frame.offset, bytes);
    }
    queue_taking_end(&copier.virt.in, from_virt);
    settle(bytes);
    if (!publish_and_sleep()) {
        receive_more();
    }
}

/* What is new beside frames. Whether the virtualiser is there. */
__attribute__((noinline)) static bool catch_up(void)
{
    (void)link_check(&copier.client);
    enum link_state state = link_check(&copier.virt);

    if (state == LINK_CAME_UP) {
        net_relay_renew(&copier.relay);
    }
    pass_on_news();
    return state != LINK_DOWN;
}

__attribute__((noinline)) static void wake_for_client(void)
{
    link_count(&copier.client, COUNT_WOKEN, 1);
    look_at_client();
}

void pd_start(void)
{
    const struct quoll_link_config *client = quoll_find_link(LINK_NET_RX_CLIENT, NULL, 0);
    const struct quoll_link_config *virt = quoll_find_link(LINK_NET_RX_COPIER, NULL, 0);

    link_open(&copier.client, client, sizeof(struct net_frame));
    link_open(&copier.virt, virt, sizeof(struct net_frame));
    copier.pool = (const unsigned char *)(uintptr_t)virt->data.vaddr;
    copier.pool_size = virt->data.size;
    copier.data = (unsigned char *)(uintptr_t)client->data.vaddr;
    copier.data_size = client->data.size;
    pd_wake(virt->channel);
}

static inline bool unchanged(void)
{
    return link_still_up(&copier.virt) && link_still_up(&copier.client) &&
           link_generation(&copier.virt) == copier.relay.generation;
}

void pd_wake(microkit_channel channel)
{
    struct link *virt = &copier.virt;

    if (channel == virt->channel) {
        link_count(virt, COUNT_WOKEN, 1);
    } else {
        wake_for_client();
    }
    if (RARELY(!unchanged()) && !catch_up()) {
        return;
    }
    struct queue_taking in = queue_look_and_begin(&virt->in);

    if (in.end == in.at + 1U && enough_for(1)) {
        receive_one(&in);
    } else {
        receive_all();
    }
}
