/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Class net: Ethernet frames.
 *
 *                       free frames                                   free
 *     device <-> driver <----------- rx_virt            copier <---------- client
 *                       -----------> (pool)  ----------> (pool) ----------> (Rx data)
 *                        done              filled              filled
 *
 *                       frames                     frames
 *     device <-> driver <----------- tx_virt <----------------------------- client
 *                       -----------> (heads) -----------------------------> (Tx data)
 *                        done                      free
 *
 * Receiving. The pool belongs to the receive virtualiser, is written by the device
 * and read by virtualiser and copiers. A frame lies NET_HEADROOM bytes into its
 * buffer. The virtualiser demultiplexes by destination MAC address (broadcast and
 * multicast to all, by reference count); the copier copies into a buffer that its
 * client gave it. It returns pool buffers in their order by taking their frames off its
 * queue, so nothing flows back on that link. A copying virtualiser is both in one: on its
 * links to clients it keeps the copier's part of the contract.
 *
 * Sending. A client names a frame in its own Tx data region. The virtualiser copies
 * the frame's first bytes into a head of its own, checks the copy (so the client
 * cannot change it after the check), and hands head and rest to the driver. Each
 * head begins with NET_HEADROOM zero bytes, which are the driver's to send before
 * the frame if its device wants a header in front.
 *
 * Frames have no FCS, and are NET_FRAME_MIN to NET_FRAME_MAX bytes long. Nobody may
 * count on a frame arriving; order is kept per client.
 */
#ifndef QUOLL_NET_H
#define QUOLL_NET_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <quoll/queue_entries.h>

#define NET_FRAME_MIN   14U
#define NET_FRAME_MAX   1514U
#define NET_BUFFER_SIZE 2048U
#define NET_HEADROOM    16U
#define NET_HEAD_SIZE   256U /* of each Tx head, headroom included */

/*
 * Links to copiers and clients. Filled: frame of `length` bytes at `offset` of the data region.
 * Free: a client gives the copier `length` bytes at `offset` to copy into; the Tx
 * virtualiser gives `offset` (and `length`) of a sent frame back, in any order.
 */
struct net_frame {
    uint32_t offset;
    uint16_t length;
    uint16_t reserved; /* 0 */
};
QUEUE_OF(net_frames, struct net_frame);

/* The same entries as words: the offset lowest, what is reserved highest. */
QUEUE_OF(net_words, uint64_t);

static_assert(sizeof(struct net_frame) == sizeof(uint64_t), "one word");
static_assert(offsetof(struct net_frame, length) == 4, "above the offset");
static_assert(offsetof(struct net_frame, reserved) == 6, "the highest bits");

/* Device links. `id` names the buffer or frame; the driver returns it once. */
struct net_rx_buffer {
    uint64_t address; /* I/O address of a whole buffer, aligned to NET_BUFFER_SIZE */
    uint32_t id;
    uint32_t reserved;
};
QUEUE_OF(net_rx_buffers, struct net_rx_buffer);

struct net_rx_done {
    uint32_t id;
    uint32_t length; /* of the frame, which lies at NET_HEADROOM; 0: none came, take it back */
};
QUEUE_OF(net_rx_dones, struct net_rx_done);

struct net_tx_frame {
    uint64_t head;        /* I/O address of the head's frame bytes; the headroom lies before it */
    uint64_t body;        /* I/O address of the rest */
    uint16_t head_length; /* NET_FRAME_MIN to NET_HEAD_SIZE - NET_HEADROOM */
    uint16_t body_length; /* may be 0 */
    uint32_t id;
};
QUEUE_OF(net_tx_frames, struct net_tx_frame);

struct net_tx_done {
    uint32_t id;
};
QUEUE_OF(net_tx_dones, struct net_tx_done);

/* Information: driver to virtualisers (mac = the device's), virtualisers to copiers and clients. */
struct net_info {
    uint8_t ready; /* 1: frames flow */
    uint8_t link;  /* 1: carrier */
    uint8_t mac[6];
    uint32_t mtu; /* of the payload: 1500 */
};

#endif
