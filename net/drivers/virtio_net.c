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

static struct virtio_device device;
static struct virtqueue rx, tx;
static bool running;
static bool needs_reset;

/* 5.1.4.1: an MTU that is accepted must fit our buffers. */
static bool read_mtu(uint32_t *mtu)
{
    uint16_t value;

    if (!virtio_read_config(&device, VIRTIO_NET_CONFIG_MTU, &value, sizeof value, sizeof value) ||
        value < VIRTIO_NET_MTU_MIN || value > NET_FRAME_MAX - NET_FRAME_MIN) {
        return false;
    }
    *mtu = value;
    return true;
}

static void read_info(struct net_info *info)
{
    uint16_t status = VIRTIO_NET_S_LINK_UP; /* 5.1.4.2: without the feature, it is up */

    if (virtio_has(device.features, VIRTIO_NET_F_MAC)) {
        (void)virtio_read_config(&device, VIRTIO_NET_CONFIG_MAC, info->mac, sizeof info->mac, 1);
    }
    if (virtio_has(device.features, VIRTIO_NET_F_STATUS)) {
        (void)virtio_read_config(&device, VIRTIO_NET_CONFIG_STATUS, &status, sizeof status,
                                 sizeof status);
    }
    info->link = (status & VIRTIO_NET_S_LINK_UP) != 0;
    info->mtu = NET_FRAME_MAX - NET_FRAME_MIN;
    if (virtio_has(device.features, VIRTIO_NET_F_MTU)) {
        (void)read_mtu(&info->mtu);
    }
}

static enum quoll_error stop(void)
{
    running = false;
    if (device.registers == NULL) {
        enum quoll_error error = virtio_find(&device, VIRTIO_ID_NET, "a network device");

        if (error != QUOLL_OK) {
            return error;
        }
    }
    return virtio_reset(&device);
}

/* 3.1.1 and 5.1.5. */
static enum quoll_error start(struct net_info *info)
{
    static const struct virtio_wish wishes[] = {
        VIRTIO_ACCEPT(VIRTIO_NET_F_MAC), VIRTIO_ACCEPT(VIRTIO_NET_F_STATUS),
        VIRTIO_ACCEPT(VIRTIO_NET_F_MTU), /* last: not always wished */
    };
    size_t wanted = sizeof wishes / sizeof wishes[0] - (read_mtu(&info->mtu) ? 0U : 1U);
    enum quoll_error error = virtio_begin(&device, wishes, wanted);

    if (error == QUOLL_OK) {
        error = virtqueue_open(&rx, &device, VIRTIO_NET_QUEUE_RX, VIRTQUEUE_MAX);
    }
    if (error == QUOLL_OK) {
        error = virtqueue_open(&tx, &device, VIRTIO_NET_QUEUE_TX, VIRTQUEUE_MAX);
    }
    if (error != QUOLL_OK) {
        return error;
    }
    read_info(info);
    virtio_run(&device);
    needs_reset = false;
    running = true;
    return QUOLL_OK;
}

static bool interrupted(struct net_info *info)
{
    uint32_t why = virtio_interrupted(&device);

    virtqueue_no_interrupts(&rx);
    if ((why & VIRTIO_INTERRUPT_CONFIG) == 0) {
        return false;
    }
    needs_reset = virtio_needs_reset(&device);
    read_info(info);
    return true;
}

static bool failed(void)
{
    return needs_reset || rx.broken || tx.broken;
}

static unsigned rx_room(void)
{
    return virtqueue_room(&rx);
}

static unsigned rx_give(struct queue_consumer *from, unsigned most)
{
    struct queue_consumer in = queue_consumer_begin(from);
    struct virtqueue_batch batch = virtqueue_begin(&rx);
    struct net_rx_buffer buffer;
    unsigned n = 0;

    for (; n < most && net_rx_buffers_take(&in, &buffer); n++) {
        uint64_t start_of_header = buffer.address + NET_HEADROOM - VIRTIO_NET_HEADER_SIZE;

        virtqueue_batch_add(&batch, start_of_header, RX_SIZE, true, buffer.id);
    }
    virtqueue_end(&rx, &batch);
    queue_consumer_end(from, &in);
    virtqueue_publish(&rx);
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

static unsigned rx_take(struct net_rx_done *done, unsigned most)
{
    struct virtqueue_done used;
    unsigned n = 0;

    if (!running) {
        for (; n < most && virtqueue_reclaim(&rx, &done[n].id); n++) {
            done[n].length = 0;
        }
        return n;
    }
    if (rx.ready == 0 && virtqueue_look(&rx) == 0) {
        return 0;
    }
    struct virtqueue_taking taking = virtqueue_taking_begin(&rx);

    for (; n < most && virtqueue_take_next(&taking, &used); n++) {
        done[n] = (struct net_rx_done){used.cookie, frame_length(used.length)};
    }
    virtqueue_taking_end(&rx, &taking);
    return n;
}

static bool rx_sleep(void)
{
    return virtqueue_sleep(&rx, 1);
}

/* Frames that surely fit: each may take two descriptors. */
static unsigned tx_room(void)
{
    return virtqueue_room(&tx) / 2U;
}

/* A long frame's rest is a descriptor of its own (5.1.6.2 leaves the framing to us). */
static unsigned tx_give(struct queue_consumer *from, unsigned most)
{
    struct queue_consumer in = queue_consumer_begin(from);
    struct virtqueue_batch batch = virtqueue_begin(&tx);
    struct net_tx_frame frame;
    unsigned n = 0;

    for (; n < most && net_tx_frames_take(&in, &frame); n++) {
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
    virtqueue_end(&tx, &batch);
    queue_consumer_end(from, &in);
    virtqueue_publish(&tx);
    return n;
}

static unsigned tx_take(struct net_tx_done *done, unsigned most)
{
    struct virtqueue_done used;
    unsigned n = 0;

    if (!running) {
        while (n < most && virtqueue_reclaim(&tx, &done[n].id)) {
            n++;
        }
        return n;
    }
    if (tx.ready == 0 && virtqueue_look(&tx) == 0) {
        return 0;
    }
    struct virtqueue_taking taking = virtqueue_taking_begin(&tx);

    for (; n < most && virtqueue_take_next(&taking, &used); n++) {
        done[n].id = used.cookie;
    }
    virtqueue_taking_end(&tx, &taking);
    return n;
}

/* When half is sent: often enough to keep the device busy, seldom enough to sleep. */
static bool tx_sleep(bool wanted)
{
    if (!wanted) {
        virtqueue_no_interrupts(&tx);
        return true;
    }
    return virtqueue_sleep(&tx, tx.outstanding < 2U ? 1U : tx.outstanding / 2U);
}

const struct net_device net_device = {
    .stop = stop,
    .start = start,
    .interrupted = interrupted,
    .failed = failed,
    .rx_room = rx_room,
    .tx_room = tx_room,
    .rx_give = rx_give,
    .tx_give = tx_give,
    .rx_take = rx_take,
    .tx_take = tx_take,
    .rx_sleep = rx_sleep,
    .tx_sleep = tx_sleep,
};

#define DMA_SIZE 16384U
static_assert(2U * VIRTQUEUE_DMA(VIRTQUEUE_MAX) <= DMA_SIZE, "both queues fit");

NET_DRIVER(.compatible = {"virtio,mmio"}, .registers = 1,
           .register_size = {VIRTIO_DRIVER_REGISTERS}, .interrupts = 1, .interrupt = {0},
           .dma_size = DMA_SIZE);
