/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes back to the transmit virtualiser's clients: the buffers of sent frames, to the
 * life that sent them. The driver answers in any order; what it has of one client in a row
 * goes back in one piece.
 */
#ifndef NET_TX_DONE_H
#define NET_TX_DONE_H

#include "tx_virt.h"

/* ---- Clients ---- */

/* A client's new life: what its old one sent completes to nobody. */
static inline void forget_frames(struct tx_virt *virt, struct client *client)
{
    virt->waiting &= ~client->bit;
    tx_ledger_forget(&virt->ledger, client_of(client->owner));
}

/* The slow path of look_at(). */
__attribute__((cold, noinline)) static bool look_anew(struct tx_virt *virt, struct client *client)
{
    enum link_state state = link_check(&client->link);

    if (state == LINK_CAME_UP) {
        forget_frames(virt, client);
        net_relay_tell(&virt->relay, &client->link);
    }
    return state != LINK_DOWN;
}

/* Before anything is done with a client's queues; false if it is down. */
static inline bool look_at(struct tx_virt *virt, struct client *client)
{
    return link_still_up(&client->link) || look_anew(virt, client);
}

/* A buffer goes back to its client, which has been looked at. */
__attribute__((cold)) static inline void give_back(struct tx_virt *virt, struct client *client,
                                                   uint64_t frame)
{
    struct queue_producer *out = &client->link.out;

    if (out->room == 0) {
        (void)queue_look_for_room(out);
    }
    if (!net_words_put(out, &frame)) {
        link_count(&client->link, COUNT_DROPPED, 1);
    }
    virt->touched |= client->bit;
}

/* ---- From the driver to its client ---- */

/* The driver is done with a head that it had; the slow path of take_done(). */
__attribute__((cold)) static void finish(struct tx_virt *virt, uint32_t id)
{
    struct client *client = &virt->client[client_of(tx_ledger_owner(&virt->ledger, id))];
    bool up = look_at(virt, client); /* which may make it stale */
    bool stale = (tx_ledger_owner(&virt->ledger, id) & STALE) != 0;
    uint64_t frame = tx_ledger_take(&virt->ledger, id, virt->ledger.stock);

    virt->ledger.stock += 1U;
    client->held -= 1U;
    if (up && !stale) {
        give_back(virt, client, frame);
    }
}

/*
 * The frames of one client in a row, from `done` on, go back to it: it is up, and has all
 * the room that was kept for them. False if there are no more entries; else `done` is the
 * first that belongs to another run.
 */
static inline bool finish_run(struct tx_virt *virt, struct queue_taking *in,
                              struct net_tx_done *done)
{
    uint16_t owner = tx_ledger_owner(&virt->ledger, done->id);
    struct client *client = &virt->client[client_of(owner)];
    uint32_t most = client->held;
    uint64_t *to = net_words_slots(&client->link.out, &most);
    const uint64_t *end = to + most;
    uint32_t stock = virt->ledger.stock;
    bool more;

    do {
        *to++ = tx_ledger_take(&virt->ledger, done->id, stock);
        stock += 1U;
        more = net_tx_dones_next(in, done);
    } while (more && to != end && tx_ledger_is(&virt->ledger, done->id, owner));
    uint32_t taken = stock - virt->ledger.stock;

    queue_filled(&client->link.out, taken);
    client->held -= taken;
    virt->ledger.stock = stock;
    virt->touched |= client->bit;
    return more;
}

/* Whether the owner's client is up and has room: then its frames are a run. */
static inline bool in_a_row(const struct tx_virt *virt, uint16_t owner)
{
    const struct client *client = &virt->client[client_of(owner)];

    return (owner & STALE) == 0 && link_still_up(&client->link) && client->link.out.room > 0;
}

/* What the driver is done with goes back; what it does not have is refused. */
__attribute__((noinline)) static void take_done(struct tx_virt *virt)
{
    (void)queue_look(&virt->driver.in);

    struct queue_taking in = queue_taking_begin(&virt->driver.in);
    struct net_tx_done done;
    bool more = net_tx_dones_next(&in, &done);

    while (more) {
        uint16_t owner = tx_ledger_owner(&virt->ledger, done.id);

        if (owner != IN_STOCK) {
            virt->armed = false;
            if (in_a_row(virt, owner)) {
                more = finish_run(virt, &in, &done);
                continue;
            }
            finish(virt, done.id);
        } else {
            link_count(&virt->driver, COUNT_REFUSED, 1);
        }
        more = net_tx_dones_next(&in, &done);
    }
    queue_taking_end(&virt->driver.in, &in);
    link_release(&virt->driver);
}

/* A new life of the driver, which has reset the device: what was with it is lost. */
static inline void take_all_back(struct tx_virt *virt)
{
    virt->armed = false;
    for (uint32_t id = 0; id < TX_LEDGER_HEADS; id++) {
        if (tx_ledger_owner(&virt->ledger, id) != IN_STOCK) {
            finish(virt, id);
        }
    }
}

/*
 * Places in the queue of frames are given back at the latest with the buffers: who has a
 * buffer has a place for it, if it has no more buffers than places.
 */
__attribute__((noinline)) static void publish_to_clients(struct tx_virt *virt)
{
    for (; virt->touched != 0; virt->touched &= virt->touched - 1U) {
        struct client *client = &virt->client[__builtin_ctzll(virt->touched)];
        struct link *link = &client->link;
        uint32_t room = link_show_head(link), frames = link_show_tail(link);

        virt->waiting &= ~client->bit;

        queue_fence();
        link_wake(link, frames, room);
    }
}

#endif
