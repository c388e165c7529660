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

static inline uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

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

enum quoll_error net_device_stop(void)
{
    if (device.registers == NULL) {
        enum quoll_error error = virtio_find(&device, VIRTIO_ID_NET, "a network device");

        if (error != QUOLL_OK) {
            return error;
        }
    }
    return virtio_reset(&device);
}

/* 3.1.1 and 5.1.5. */
enum quoll_error net_device_start(struct net_info *info)
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
    return QUOLL_OK;
}

NET_DEVICE_INLINE bool net_device_interrupted(void)
{
    return (virtio_interrupted(&device) & VIRTIO_INTERRUPT_CONFIG) != 0;
}

void net_device_changed(struct net_info *info)
{
    device.failed |= virtio_needs_reset(&device);
    read_info(info);
}

NET_DEVICE_INLINE bool net_device_failed(void)
{
    return device.failed;
}

/* ---- Receiving ---- */

NET_DEVICE_INLINE uint32_t net_device_rx_room(void)
{
    return virtqueue_room(&rx);
}

void net_device_rx_give(struct queue_consumer *from)
{
    struct queue_taking in = queue_taking_begin(from);
    struct virtqueue_batch batch = virtqueue_begin(&rx);
    struct net_rx_buffer buffer;

    in.end = in.at + least(from->ready, virtqueue_room(&rx));
    while (net_rx_buffers_next(&in, &buffer)) {
        uint64_t start_of_header = buffer.address + NET_HEADROOM - VIRTIO_NET_HEADER_SIZE;

        virtqueue_batch_add(&batch, start_of_header, RX_SIZE, true, buffer.id);
    }
    queue_taken(from, in.at);
    virtqueue_end(&rx, &batch);
    virtqueue_publish(&rx);
}

/* 5.1.6.4: the length counts the header. What cannot be a frame comes back as none. */
static inline uint32_t frame_length(uint32_t length)
{
    if (__builtin_expect(length < VIRTIO_NET_HEADER_SIZE + NET_FRAME_MIN, 0)) {
        count(COUNT_DEVICE_ERRORS, 1);
        return 0;
    }
    return length - VIRTIO_NET_HEADER_SIZE;
}

static NET_DEVICE_INLINE void take_frames(struct queue_producer *to, uint32_t most)
{
    struct virtqueue_taking in = virtqueue_taking_begin(&rx, most);
    struct queue_putting out = queue_putting_begin(to);
    struct virtqueue_done used;

    while (virtqueue_take_next(&in, &used)) {
        struct net_rx_done done = {used.cookie, frame_length(used.length)};

        net_rx_dones_push(&out, &done);
    }
    queue_putting_end(to, &out);
    virtqueue_taking_end(&rx, &in);
}

void net_device_rx_take(struct queue_producer *to)
{
    (void)virtqueue_look(&rx);
    take_frames(to, to->room);
}

NET_DEVICE_INLINE bool net_device_rx_take_one(struct queue_producer *to, uint32_t spare)
{
    if (virtqueue_look(&rx) != 1U || to->room <= spare) {
        return false;
    }
    take_frames(to, 1);
    return true;
}

/* After a reset, 3.3.1 lets it be used again. */
void net_device_rx_reclaim(struct queue_putting *to)
{
    struct net_rx_done done = {0};

    while (to->at != to->end && virtqueue_reclaim(&rx, &done.id)) {
        net_rx_dones_push(to, &done);
    }
}

NET_DEVICE_INLINE bool net_device_rx_sleep(void)
{
    return virtqueue_sleep(&rx, 1);
}

/* ---- Sending ---- */

NET_DEVICE_INLINE uint32_t net_device_tx_held(void)
{
    return virtqueue_outstanding(&tx);
}

/* Each frame may take two descriptors. */
NET_DEVICE_INLINE uint32_t net_device_tx_room(void)
{
    return virtqueue_room(&tx) / 2U;
}

/* A long frame's rest is a descriptor of its own (5.1.6.2 leaves the framing to us). */
static NET_DEVICE_INLINE bool give_frame(struct queue_taking *in, struct virtqueue_batch *batch)
{
    struct net_tx_frame frame;

    if (!net_tx_frames_next(in, &frame)) {
        return false;
    }
    bool is_long = frame.body_length != 0;
    uint32_t head =
        virtqueue_fill(batch, frame.head - VIRTIO_NET_HEADER_SIZE,
                       VIRTIO_NET_HEADER_SIZE + frame.head_length, is_long ? VIRTQ_NEXT : 0);

    if (is_long) {
        uint32_t rest = virtqueue_fill(batch, frame.body, frame.body_length, 0);

        batch->descriptors[head].next = (uint16_t)rest;
    }
    virtqueue_offer(batch, head, frame.id, 0, is_long ? 2 : 1);
    return true;
}

static NET_DEVICE_INLINE void give_frames(struct queue_consumer *from, uint32_t number)
{
    struct queue_taking in = queue_taking_begin(from);
    struct virtqueue_batch batch = virtqueue_begin(&tx);

    in.end = in.at + number;
    while (give_frame(&in, &batch)) {}
    queue_taken(from, in.at);
    virtqueue_end(&tx, &batch);
    virtqueue_publish(&tx);
}

void net_device_tx_give(struct queue_consumer *from)
{
    give_frames(from, least(from->ready, net_device_tx_room()));
}

NET_DEVICE_INLINE bool net_device_tx_give_one(struct queue_consumer *from)
{
    if (from->ready != 1U || net_device_tx_room() == 0) {
        return false;
    }
    give_frames(from, 1);
    return true;
}

void net_device_tx_take(struct queue_producer *to)
{
    (void)virtqueue_look(&tx);
    struct virtqueue_taking in = virtqueue_taking_begin(&tx, to->room);
    struct queue_putting out = queue_putting_begin(to);
    struct virtqueue_done used;

    while (virtqueue_take_next(&in, &used)) {
        struct net_tx_done done = {used.cookie};

        net_tx_dones_push(&out, &done);
    }
    queue_putting_end(to, &out);
    virtqueue_taking_end(&tx, &in);
}

void net_device_tx_reclaim(struct queue_putting *to)
{
    struct net_tx_done done;

    while (to->at != to->end && virtqueue_reclaim(&tx, &done.id)) {
        net_tx_dones_push(to, &done);
    }
}

/* When half is sent: often enough to keep the device busy, seldom enough to sleep. */
NET_DEVICE_INLINE bool net_device_tx_sleep(bool wanted)
{
    if (!wanted) {
        virtqueue_no_interrupts(&tx);
        return true;
    }
    uint32_t with_device = virtqueue_outstanding(&tx);

    return virtqueue_sleep(&tx, with_device < 2U ? 1U : with_device / 2U);
}

#define DMA_SIZE 16384U
static_assert(2U * VIRTQUEUE_DMA(VIRTQUEUE_MAX) <= DMA_SIZE, "both queues fit");

NET_DRIVER(.compatible = {"virtio,mmio"}, .registers = 1,
           .register_size = {VIRTIO_DRIVER_REGISTERS}, .interrupts = 1, .interrupt = {0},
           .dma_size = DMA_SIZE);
