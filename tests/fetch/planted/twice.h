/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that load something of a neighbour's twice, one way each (LOOK), so that the
 * check is seen to find it. They are what nobody should write.
 */
#include <string.h>

#include <quoll/link.h>
#include <quoll/net.h>
#include <quoll/pd.h>
#include <quoll/virtqueue.h>

static struct link link;
static struct virtio_device device;
static struct virtqueue queue;
static uint64_t sum;
static uint8_t frame[NET_FRAME_MAX];

static const volatile struct net_frame *in_place(void)
{
    const volatile struct net_frame *entries = (const volatile void *)link.in.peer->entries;

    return &entries[link.in.head & (link.in.capacity - 1U)];
}

/* Check the entry, then use it, where it lies. */
static inline void look_entry(void)
{
    if (queue_look(&link.in) > 0) {
        sum += in_place()->length < NET_FRAME_MAX ? in_place()->length : 0;
        net_frames_drop(&link.in);
    }
}

/* Check the index, then go by what it is later. */
static inline void look_index(void)
{
    const volatile uint32_t *tail = (const volatile void *)&link.in.peer->tail;
    struct net_frame one;

    if (*tail - link.in.head <= link.in.capacity) {
        link.in.ready = *tail - link.in.head;
        while (net_frames_take(&link.in, &one)) {
            sum += one.length;
        }
    }
}

/* Check the frame's source, then copy the frame. */
static inline void look_data(void)
{
    const volatile uint8_t *data = (const volatile uint8_t *)(uintptr_t)link.config->data.vaddr;
    struct net_frame one;

    if (queue_look(&link.in) > 0 && net_frames_take(&link.in, &one) &&
        data[one.offset + 6U] == 0x52) {
        memcpy(frame, (const void *)(data + one.offset), one.length);
        sum += frame[6];
    }
}

static inline void look_information(void)
{
    const volatile struct net_info *info = (const volatile void *)link.peer->info;

    sum += info->mtu < NET_FRAME_MAX ? info->mtu : 0;
}

static inline void answer(bool index)
{
    const volatile uint16_t *at = &queue.used->index;

    if (index && (uint16_t)(*at - queue.taken) <= (uint16_t)virtqueue_outstanding(&queue)) {
        for (uint16_t end = *at; (uint16_t)queue.taken != end; queue.taken++) {
            sum += queue.used->ring[queue.taken & (queue.size - 1U)].id;
        }
    } else if (!index && virtqueue_look(&queue) > 0 &&
               queue.used->ring[queue.taken & (queue.size - 1U)].id < queue.size) {
        sum += queue.slot[queue.used->ring[queue.taken & (queue.size - 1U)].id].cookie;
        queue.taken += 1U;
    }
}

static inline void look_answer(void)
{
    answer(false);
}

static inline void look_ring(void)
{
    answer(true);
}

static void start_device(void)
{
    (void)virtio_find(&device, VIRTIO_ID_NET, "a device");
    (void)virtio_reset(&device);
    (void)virtio_begin(&device, NULL, 0);
    (void)virtqueue_open(&queue, &device, 0, 64);
    virtio_run(&device);
    for (uint32_t n = 0; n < 48; n++) {
        virtqueue_add_one(&queue, (struct virtqueue_part){0x1000U * n, 2048, true}, n);
    }
    virtqueue_publish(&queue);
}

void pd_start(void)
{
    link_open(&link, quoll_find_link(LINK_NET_TX_CLIENT, NULL, 0), sizeof(struct net_frame));
    start_device();
}

void pd_wake(microkit_channel channel)
{
    (void)channel;
    if (link_check(&link) != LINK_DOWN) {
        LOOK();
        link_release(&link);
        counters()->pd[COUNT_SPARE_7] = sum;
    }
}
