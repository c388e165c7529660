/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A copier: stands between the receive virtualiser and one client, and copies each
 * frame from the pool, which the client may not see, into a buffer that the client
 * gave. One per client, so whatever the client does costs only the client: with no
 * good buffer of its own to copy into, it loses frames; pool buffers go back at once.
 *
 * A buffer of the client is read once, checked and used; giving the same one twice
 * only makes its frames overwrite each other. A new life of the virtualiser hands out
 * the whole pool anew, even what is being copied here: so a copy counts only if the
 * life did not change under it, and is wiped otherwise, since it may hold what is
 * another client's.
 */
#include <string.h>

#include <quoll/link.h>
#include <quoll/net.h>
#include <quoll/pd.h>

static struct copier {
    struct link virt;
    struct link client;
    uint32_t virt_info; /* generation of the information that was passed on */
    struct net_info info;
} copier;

#define NEVER_PASSED_ON 1U /* no generation of whole information is odd */

/* What moving frames needs, in registers over the loop. */
struct batch {
    struct queue_consumer from_virt, buffers;
    struct queue_producer to_client, to_virt;
    uint64_t bytes;
};

static inline bool within(const struct quoll_region_config *region, const struct net_frame *frame)
{
    return frame->offset <= region->size && frame->length <= region->size - frame->offset;
}

static inline unsigned char *at(const struct link *link, const struct net_frame *frame)
{
    return (unsigned char *)(uintptr_t)link->config->data.vaddr + frame->offset;
}

/*
 * The next of the client's buffers that a frame of `length` bytes fits into; skips
 * those that do not lie in its data region.
 */
static inline bool client_buffer(struct batch *batch, uint16_t length, struct net_frame *buffer)
{
    while (net_frames_take(&batch->buffers, buffer)) {
        if (within(&copier.client.config->data, buffer) && buffer->length >= length) {
            return true;
        }
        link_count(&copier.client, COUNT_REFUSED, 1);
    }
    return false;
}

/* Copy a frame that was checked; false if there is nothing to show for it. */
static inline bool copy(struct batch *batch, const struct net_frame *frame)
{
    struct net_frame buffer;

    if (batch->to_client.room == 0 || !client_buffer(batch, frame->length, &buffer)) {
        return false;
    }
    struct net_frame filled = {.offset = buffer.offset, .length = frame->length};

    memcpy(at(&copier.client, &filled), at(&copier.virt, frame), frame->length);
    if (link_peer_life(&copier.virt) != copier.virt.peer_life) {
        memset(at(&copier.client, &filled), 0, frame->length);
        return false;
    }
    batch->bytes += frame->length;
    return net_frames_put(&batch->to_client, &filled);
}

static inline void pass_on(struct batch *batch, const struct net_frame *frame)
{
    if (frame->length < NET_FRAME_MIN || frame->length > NET_FRAME_MAX ||
        !within(&copier.virt.config->data, frame)) {
        link_count(&copier.virt, COUNT_REFUSED, 1);
    } else if (!copy(batch, frame)) {
        link_count(&copier.client, COUNT_DROPPED, 1);
    }
    (void)net_frames_put(&batch->to_virt, frame);
}

/* Pass on what there is, as long as there is room to give the pool's buffers back. */
static void pass_all_on(void)
{
    struct batch batch = {
        .from_virt = copier.virt.in,
        .buffers = copier.client.in,
        .to_client = copier.client.out,
        .to_virt = copier.virt.out,
    };
    struct net_frame frame;

    while (batch.to_virt.room > 0 && net_frames_take(&batch.from_virt, &frame)) {
        pass_on(&batch, &frame);
    }
    copier.virt.in = batch.from_virt;
    copier.client.in = batch.buffers;
    copier.client.out = batch.to_client;
    copier.virt.out = batch.to_virt;
    link_count(&copier.client, COUNT_BYTES, batch.bytes);
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

/* Pass on what the virtualiser says about device and carrier, if it is new. */
static void relay_info(void)
{
    const struct link *virt = &copier.virt;
    uint32_t generation = atomic_load_explicit(&virt->peer->generation, memory_order_acquire);

    if (virt->up ? generation == copier.virt_info : copier.info.ready == 0) {
        return;
    }
    if (virt->up && !link_told(virt, &copier.info, sizeof copier.info)) {
        return; /* in the middle of writing it: the virtualiser will wake us */
    }
    copier.virt_info = generation;
    copier.info.ready = virt->up && copier.info.ready == 1;
    link_tell(&copier.client, &copier.info, sizeof copier.info);
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
        copier.virt_info = NEVER_PASSED_ON;
    }
    relay_info();
    if (state != LINK_DOWN) {
        receive();
        (void)link_broken(&copier.virt);
    }
    (void)link_broken(&copier.client);
}
