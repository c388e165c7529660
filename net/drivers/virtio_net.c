/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio network device.
 *
 * Source: VIRTIO 1.2, 5.1; section numbers are its own.
 *
 * Two queues (5.1.2). Each frame has a header of 12 bytes in front (5.1.6), which
 * fits before the frame's place in both kinds of buffer: what is received goes in one
 * piece to where header and frame belong, and the zeros before each Tx head are a
 * header that asks for nothing. So a small frame is one descriptor, and the driver
 * needs to see neither. No offloads: they would let the other side send what the
 * header describes and nobody here reads.
 */
#include <quoll/counters.h>
#include <quoll/net_driver.h>
#include <quoll/virtqueue.h>

#include "virtio_net_regs.h"

#define RX_SIZE (VIRTIO_NET_HEADER_SIZE + NET_FRAME_MAX) /* 5.1.6.3.1: at least 1526 */

static_assert(VIRTIO_NET_HEADER_SIZE <= NET_HEADROOM, "the header fits before the frame");

/* In one place, so that one register reaches it all. */
static struct {
    struct virtio_device device;
    bool running;
    bool needs_reset;
    struct virtqueue rx, tx;
} card;

/* 5.1.4.1: an MTU that is accepted must fit our buffers. */
static bool read_mtu(uint32_t *mtu)
{
    uint16_t value;

    if (!virtio_read_config(&card.device, VIRTIO_NET_CONFIG_MTU, &value, sizeof value,
                            sizeof value) ||
        value < VIRTIO_NET_MTU_MIN || value > NET_FRAME_MAX - NET_FRAME_MIN) {
        return false;
    }
    *mtu = value;
    return true;
}

static void read_info(struct net_info *info)
{
    uint16_t status = VIRTIO_NET_S_LINK_UP; /* 5.1.4.2: without the feature, it is up */

    if (virtio_has(card.device.features, VIRTIO_NET_F_MAC)) {
        (void)virtio_read_config(&card.device, VIRTIO_NET_CONFIG_MAC, info->mac, sizeof info->mac,
                                 1);
    }
    if (virtio_has(card.device.features, VIRTIO_NET_F_STATUS)) {
        (void)virtio_read_config(&card.device, VIRTIO_NET_CONFIG_STATUS, &status, sizeof status,
                                 sizeof status);
    }
    info->link = (status & VIRTIO_NET_S_LINK_UP) != 0;
    info->mtu = NET_FRAME_MAX - NET_FRAME_MIN;
    if (virtio_has(card.device.features, VIRTIO_NET_F_MTU)) {
        (void)read_mtu(&info->mtu);
    }
}

enum quoll_error net_device_stop(void)
{
    card.running = false;
    if (card.device.registers == NULL) {
        enum quoll_error error = virtio_find(&card.device, VIRTIO_ID_NET, "a network device");

        if (error != QUOLL_OK) {
            return error;
        }
    }
    return virtio_reset(&card.device);
}

/* 3.1.1 and 5.1.5. */
enum quoll_error net_device_start(struct net_info *info)
{
    static const struct virtio_wish wishes[] = {
        VIRTIO_ACCEPT(VIRTIO_NET_F_MAC), VIRTIO_ACCEPT(VIRTIO_NET_F_STATUS),
        VIRTIO_ACCEPT(VIRTIO_NET_F_MTU), /* last: not always wished */
    };
    size_t wanted = sizeof wishes / sizeof wishes[0] - (read_mtu(&info->mtu) ? 0U : 1U);
    enum quoll_error error = virtio_begin(&card.device, wishes, wanted);

    if (error == QUOLL_OK) {
        error = virtqueue_open(&card.rx, &card.device, VIRTIO_NET_QUEUE_RX, VIRTQUEUE_MAX);
    }
    if (error == QUOLL_OK) {
        error = virtqueue_open(&card.tx, &card.device, VIRTIO_NET_QUEUE_TX, VIRTQUEUE_MAX);
    }
    if (error != QUOLL_OK) {
        return error;
    }
    read_info(info);
    virtio_run(&card.device);
    card.needs_reset = false;
    card.running = true;
    return QUOLL_OK;
}

NET_DEVICE_INLINE bool net_device_interrupted(struct net_info *info)
{
    uint32_t why = virtio_interrupted(&card.device);

    virtqueue_no_interrupts(&card.rx);
    if ((why & VIRTIO_INTERRUPT_CONFIG) == 0) {
        return false;
    }
    card.needs_reset = virtio_needs_reset(&card.device);
    read_info(info);
    return true;
}

NET_DEVICE_INLINE bool net_device_failed(void)
{
    return card.needs_reset | card.rx.broken | card.tx.broken;
}

NET_DEVICE_INLINE unsigned net_device_rx_room(void)
{
    return virtqueue_room(&card.rx);
}

NET_DEVICE_INLINE unsigned net_device_rx_give(struct queue_consumer *from, unsigned most)
{
    struct queue_taking in = queue_taking_begin(from);
    struct virtqueue_batch batch = virtqueue_begin(&card.rx);
    struct net_rx_buffer buffer;
    unsigned n = 0;

    for (; n < most && net_rx_buffers_next(&in, &buffer); n++) {
        uint64_t start_of_header = buffer.address + NET_HEADROOM - VIRTIO_NET_HEADER_SIZE;

        virtqueue_batch_add(&batch, start_of_header, RX_SIZE, true, buffer.id);
    }
    virtqueue_end(&card.rx, &batch);
    queue_taking_end(from, &in);
    virtqueue_publish(&card.rx);
    return n;
}

/* 5.1.6.4: the length counts the header. What cannot be a frame comes back as none. */
static uint32_t frame_length(uint32_t length)
{
    if (length < VIRTIO_NET_HEADER_SIZE + NET_FRAME_MIN) {
        count(COUNT_DEVICE_ERRORS, 1);
        return 0;
    }
    return length - VIRTIO_NET_HEADER_SIZE;
}

/* After a reset: all that the device had (3.3.1 lets it be used again). */
static unsigned rx_reclaim(struct queue_putting *to)
{
    struct net_rx_done done = {0};
    unsigned n = 0;

    for (; to->at != to->end && virtqueue_reclaim(&card.rx, &done.id); n++) {
        (void)net_rx_dones_add(to, &done);
    }
    return n;
}

NET_DEVICE_INLINE unsigned net_device_rx_take(struct queue_putting *to)
{
    struct virtqueue_done used;
    uint32_t first = to->at;

    if (!card.running) {
        return rx_reclaim(to);
    }
    if (card.rx.ready == 0 && virtqueue_look(&card.rx) == 0) {
        return 0;
    }
    struct virtqueue_taking taking = virtqueue_taking_begin(&card.rx);

    while (to->at != to->end && virtqueue_take_next(&taking, &used)) {
        struct net_rx_done done = {used.cookie, frame_length(used.length)};

        (void)net_rx_dones_add(to, &done);
    }
    virtqueue_taking_end(&card.rx, &taking);
    return to->at - first;
}

NET_DEVICE_INLINE bool net_device_rx_sleep(void)
{
    return virtqueue_sleep(&card.rx, 1);
}

/* Frames that surely fit: each may take two descriptors. */
NET_DEVICE_INLINE unsigned net_device_tx_room(void)
{
    return virtqueue_room(&card.tx) / 2U;
}

/* A long frame's rest is a descriptor of its own (5.1.6.2 leaves the framing to us). */
NET_DEVICE_INLINE unsigned net_device_tx_give(struct queue_consumer *from, unsigned most)
{
    struct queue_taking in = queue_taking_begin(from);
    struct virtqueue_batch batch = virtqueue_begin(&card.tx);
    struct net_tx_frame frame;
    unsigned n = 0;

    for (; n < most && net_tx_frames_next(&in, &frame); n++) {
        bool is_long = frame.body_length != 0;
        uint32_t head =
            virtqueue_fill(&batch, frame.head - VIRTIO_NET_HEADER_SIZE,
                           VIRTIO_NET_HEADER_SIZE + frame.head_length, is_long ? VIRTQ_NEXT : 0);

        if (is_long) {
            uint32_t rest = virtqueue_fill(&batch, frame.body, frame.body_length, 0);

            batch.descriptors[head].next = (uint16_t)rest;
        }
        virtqueue_offer(&batch, head, frame.id, 0, is_long ? 2 : 1);
    }
    virtqueue_end(&card.tx, &batch);
    queue_taking_end(from, &in);
    virtqueue_publish(&card.tx);
    return n;
}

static unsigned tx_reclaim(struct queue_putting *to)
{
    struct net_tx_done done;
    unsigned n = 0;

    for (; to->at != to->end && virtqueue_reclaim(&card.tx, &done.id); n++) {
        (void)net_tx_dones_add(to, &done);
    }
    return n;
}

unsigned net_device_tx_take(struct queue_putting *to)
{
    struct virtqueue_done used;
    uint32_t first = to->at;

    if (!card.running) {
        return tx_reclaim(to);
    }
    if (card.tx.ready == 0 && virtqueue_look(&card.tx) == 0) {
        return 0;
    }
    struct virtqueue_taking taking = virtqueue_taking_begin(&card.tx);

    while (to->at != to->end && virtqueue_take_next(&taking, &used)) {
        struct net_tx_done done = {used.cookie};

        (void)net_tx_dones_add(to, &done);
    }
    virtqueue_taking_end(&card.tx, &taking);
    return to->at - first;
}

/* When half is sent: often enough to keep the device busy, seldom enough to sleep. */
NET_DEVICE_INLINE bool net_device_tx_sleep(bool wanted)
{
    if (!wanted) {
        virtqueue_no_interrupts(&card.tx);
        return true;
    }
    uint32_t with_device = virtqueue_outstanding(&card.tx);

    return virtqueue_sleep(&card.tx, with_device < 2U ? 1U : with_device / 2U);
}

#define DMA_SIZE 16384U
static_assert(2U * VIRTQUEUE_DMA(VIRTQUEUE_MAX) <= DMA_SIZE, "both queues fit");

NET_DRIVER(.compatible = {"virtio,mmio"}, .registers = 1,
           .register_size = {VIRTIO_DRIVER_REGISTERS}, .interrupts = 1, .interrupt = {0},
           .dma_size = DMA_SIZE);
