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

static bool within(const struct quoll_region_config *region, const struct net_frame *frame)
{
    return frame->offset <= region->size && frame->length <= region->size - frame->offset;
}

/*
 * The next of the client's buffers that a frame of `length` bytes fits into; skips
 * those that do not lie in its data region.
 */
static bool client_buffer(uint16_t length, struct net_frame *buffer)
{
    struct link *client = &copier.client;

    while (net_frames_take(&client->in, buffer)) {
        if (within(&client->config->data, buffer) && buffer->length >= length) {
            return true;
        }
        link_count(client, COUNT_REFUSED, 1);
    }
    return false;
}

static unsigned char *at(const struct link *link, const struct net_frame *frame)
{
    return (unsigned char *)(uintptr_t)link->config->data.vaddr + frame->offset;
}

/* Copy a frame that was checked; false if there is nothing to show for it. */
static bool copy(const struct net_frame *frame)
{
    struct link *client = &copier.client;
    struct net_frame buffer;

    if (!client->up || client->out.room == 0 || !client_buffer(frame->length, &buffer)) {
        return false;
    }
    buffer.length = frame->length;
    buffer.reserved = 0;
    memcpy(at(client, &buffer), at(&copier.virt, frame), frame->length);
    if (link_peer_life(&copier.virt) != copier.virt.peer_life) {
        memset(at(client, &buffer), 0, frame->length);
        return false;
    }
    (void)net_frames_put(&client->out, &buffer);
    link_count(client, COUNT_BYTES, frame->length);
    return true;
}

static void pass_on(const struct net_frame *frame)
{
    if (frame->length < NET_FRAME_MIN || frame->length > NET_FRAME_MAX ||
        !within(&copier.virt.config->data, frame)) {
        link_count(&copier.virt, COUNT_REFUSED, 1);
    } else if (!copy(frame)) {
        link_count(&copier.client, COUNT_DROPPED, 1);
    }
    (void)net_frames_put(&copier.virt.out, frame);
}

/* Each frame taken needs a slot to give it back. */
static bool room_to_return(void)
{
    return queue_look_for_room(&copier.virt.out) > 0 || !queue_wait_for_room(&copier.virt.out);
}

static void receive(void)
{
    struct net_frame frame;

    do {
        (void)queue_look(&copier.virt.in);
        if (copier.client.up) {
            (void)queue_look(&copier.client.in);
            (void)queue_look_for_room(&copier.client.out);
        }
        if (!room_to_return()) {
            return;
        }
        while (copier.virt.out.room > 0 && net_frames_take(&copier.virt.in, &frame)) {
            pass_on(&frame);
        }
        link_publish(&copier.virt);
        if (copier.client.up) {
            link_release(&copier.client);
            link_publish(&copier.client);
        }
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
