/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries that keep to the contracts: what each kind of neighbour may say. */
#include <string.h>

#include "world.h"

static void *next_pending(struct peer *peer)
{
    return peer->first != peer->last ? peer->pending[peer->first++ % 4096U] : NULL;
}

static struct net_frame next_frame(struct peer *peer, uint32_t headroom)
{
    uint32_t buffers = DATA_SIZE / NET_BUFFER_SIZE;
    struct net_frame frame = {.offset = peer->turn++ % buffers * NET_BUFFER_SIZE + headroom,
                              .length =
                                  (uint16_t)(NET_FRAME_MIN + draw(NET_FRAME_MAX - NET_FRAME_MIN))};

    return frame;
}

/* The driver's answer, and what its device did: the table is read so. */
static void serve_block(struct world *w, const struct block_request *request)
{
    uint64_t offset = request->data - w->io[0];

    if (request->operation == BLOCK_READ && request->data >= w->io[0] && offset < DATA_SIZE) {
        memcpy(w->own + offset, image_block(&w->disk, request->block),
               (size_t)request->count * 512U);
    }
}

static bool say_device(struct world *w, struct peer *peer, void *entry)
{
    const void *asked = peer->role == RX_DONE || peer->role == TX_DONE || peer->role == RESPONSE
                            ? next_pending(peer)
                            : NULL;

    switch (peer->role) {
    case RX_DONE:
        if (asked == NULL) {
            return false;
        } else {
            uint32_t id = ((const struct net_rx_buffer *)asked)->id;
            uint8_t *frame = w->own + id * NET_BUFFER_SIZE + NET_HEADROOM;
            memcpy(frame, (uint8_t[]){0x52, 0x54, 0, 0, 0, (uint8_t)draw(4)}, 6);
            frame[0] |= (uint8_t)(draw(8) == 0);
            *(struct net_rx_done *)entry =
                (struct net_rx_done){id, draw(10) == 0 ? 0 : 60U + draw(1400)};
            return true;
        }
    case TX_DONE:
        if (asked != NULL) {
            *(struct net_tx_done *)entry =
                (struct net_tx_done){((const struct net_tx_frame *)asked)->id};
        }
        return asked != NULL;
    case RESPONSE:
        if (asked != NULL) {
            serve_block(w, asked);
            *(struct block_response *)entry = (struct block_response){
                ((const struct block_request *)asked)->id, draw(20) == 0 ? QUOLL_EIO : QUOLL_OK};
        }
        return asked != NULL;
    case EXPIRY:
        *(struct timer_expiry *)entry = (struct timer_expiry){.count = 1};
        return true;
    default:
        return false;
    }
}

static void say_request(struct peer *peer, struct block_request *request, uint64_t data,
                        uint32_t blocks)
{
    *request = (struct block_request){
        .id = peer->turn++ % 64U,
        .operation = (uint16_t)(BLOCK_READ + draw(5)),
        .count = 1U + draw(8),
        .block = draw(blocks),
        .data = data + 512U * draw(512),
    };
    if (request->operation == BLOCK_FLUSH) {
        request->count = 0, request->block = 0, request->data = 0;
    }
}

/* Towards drivers. */
static bool say_driver(struct peer *peer, void *entry)
{
    uint32_t id = peer->turn++;

    switch (peer->role) {
    case RX_BUFFER:
        *(struct net_rx_buffer *)entry =
            (struct net_rx_buffer){.address = IO + id % 256U * NET_BUFFER_SIZE, .id = id};
        return true;
    case TX_FRAME:
        *(struct net_tx_frame *)entry =
            (struct net_tx_frame){.head = IO + 16U,
                                  .body = IO + 4096U,
                                  .head_length = (uint16_t)(14U + draw(200)),
                                  .body_length = (uint16_t)(draw(2) * draw(1000)),
                                  .id = id};
        return true;
    case DEVICE_REQUEST:
        say_request(peer, entry, IO, 4000);
        return true;
    case DEVICE_TIMEOUT:
        *(struct timer_request *)entry =
            (struct timer_request){.operation = draw(3) == 0 ? TIMER_CANCEL : TIMER_AT,
                                   .when = (uint64_t)draw(UINT32_MAX) << draw(8)};
        return true;
    default:
        return false;
    }
}

static bool say_client(struct peer *peer, void *entry)
{
    switch (peer->role) {
    case POOL_RETURN: {
        const void *frame = next_pending(peer);
        if (frame != NULL) {
            memcpy(entry, frame, sizeof(struct net_frame));
        }
        return frame != NULL;
    }
    case POOL_FRAME:
        *(struct net_frame *)entry = next_frame(peer, NET_HEADROOM);
        return true;
    case CLIENT_BUFFER:
        *(struct net_frame *)entry = next_frame(peer, 0);
        ((struct net_frame *)entry)->length = NET_BUFFER_SIZE;
        return true;
    case CLIENT_FRAME:
        *(struct net_frame *)entry = next_frame(peer, 0);
        memcpy(peer->data + ((struct net_frame *)entry)->offset + 6U,
               peer->config->settings.net.mac, 6);
        return true;
    case REQUEST:
        say_request(peer, entry, 0, 30);
        return true;
    case BYTE:
        *(uint8_t *)entry = (uint8_t)(draw(10) == 0 ? '\n' : draw(256));
        return true;
    case TIMEOUT:
        *(struct timer_request *)entry =
            (struct timer_request){.id = draw(TIMER_IDS),
                                   .operation = TIMER_AT + draw(3),
                                   .when = draw(1000000),
                                   .period = draw(3) == 0 ? TIMER_PERIOD_MIN + draw(100000) : 0};
        return true;
    default:
        return false;
    }
}

/* To clients' libraries, for what they asked. */
static bool say_library(struct peer *peer, void *entry)
{
    const void *asked = peer->role >= CLIENT_RECEIVED ? next_pending(peer) : NULL;

    switch (peer->role) {
    case CLIENT_EXPIRY:
        *(struct timer_expiry *)entry = (struct timer_expiry){.id = draw(TIMER_IDS), .count = 1};
        return true;
    case CLIENT_RECEIVED:
    case CLIENT_SENT:
        if (asked != NULL) {
            memcpy(entry, asked, sizeof(struct net_frame));
            ((struct net_frame *)entry)->length = (uint16_t)(NET_FRAME_MIN + draw(1400));
        }
        return asked != NULL;
    case CLIENT_ANSWER:
        if (asked != NULL) {
            *(struct block_response *)entry =
                (struct block_response){.id = ((const struct block_request *)asked)->id};
        }
        return asked != NULL;
    default:
        return false;
    }
}

bool world_say(struct world *w, struct peer *peer, void *entry)
{
    return say_device(w, peer, entry) || say_driver(peer, entry) || say_client(peer, entry) ||
           say_library(peer, entry);
}
