/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueues: what is not in line in <quoll/virtqueue.h>. Section numbers are
 * VIRTIO 1.2's.
 */
#include <quoll/counters.h>
#include <quoll/log.h>
#include <quoll/mmio.h>
#include <quoll/panic.h>
#include <quoll/virtqueue.h>

#include "registers.h"

static uint16_t power_of_two_up_to(uint32_t most)
{
    uint32_t size = 1;

    while (size <= most / 2U) {
        size *= 2U;
    }
    return (uint16_t)size;
}

static void write_address(struct virtio_address *at, uint64_t address)
{
    mmio_write32(&at->low, (uint32_t)address);
    mmio_write32(&at->high, (uint32_t)(address >> 32));
}

/* 2.7, table: what the three parts take; multiples of 4, so that they are zeroed whole. */
static bool get_memory(struct virtqueue *queue, struct virtio_device *device)
{
    struct virtio_registers *regs = device->registers;
    size_t size = queue->size;
    uint64_t io[3];

    queue->descriptors =
        virtio_dma(device, size * sizeof(struct virtq_descriptor), QUOLL_CACHE_LINE, &io[0]);
    queue->available = virtio_dma(device, 8U + size * sizeof(uint16_t), QUOLL_CACHE_LINE, &io[1]);
    queue->used =
        virtio_dma(device, 8U + size * sizeof(struct virtq_used_entry), QUOLL_CACHE_LINE, &io[2]);
    if (queue->descriptors == NULL || queue->available == NULL || queue->used == NULL) {
        return false;
    }
    queue->used_event = &queue->available->ring[size];
    queue->avail_event = (const volatile uint16_t *)(const volatile void *)&queue->used->ring[size];
    write_address(&regs->queue_descriptors, io[0]);
    write_address(&regs->queue_available, io[1]);
    write_address(&regs->queue_used, io[2]);
    return true;
}

/* Empty, with all descriptors in the free list and interrupts unasked for. */
static void clear(struct virtqueue *queue)
{
    for (uint32_t i = 0; i < queue->size; i++) {
        queue->slot[i] = (struct virtqueue_slot){.next = i + 1U};
    }
    queue->free = queue->size;
    queue->first_free = 0;
    queue->added = queue->published = queue->taken = 0;
    queue->ready = 0;
    queue->reclaimed = 0;
    queue->broken = false;
    *queue->used_event = (uint16_t)(queue->taken - 1U);
    virtqueue_no_interrupts(queue);
}

/* 4.2.3.2. */
enum quoll_error virtqueue_open(struct virtqueue *queue, struct virtio_device *device,
                                uint16_t number, uint16_t wish)
{
    struct virtio_registers *regs = device->registers;

    QUOLL_INVARIANT(wish >= 1 && wish <= VIRTQUEUE_MAX);
    mmio_write32(&regs->queue_select, number);
    uint32_t most = mmio_read32(&regs->queue_size_max);

    if (most == 0 || mmio_read32(&regs->queue_ready) != 0) {
        quoll_log("the device has no queue %u that is free", number);
        return QUOLL_ENOTFOUND;
    }
    queue->size = power_of_two_up_to(most < wish ? most : wish);
    queue->number = number;
    queue->device = device;
    queue->notify = &regs->queue_notify;
    queue->event_index = virtio_has(device->features, VIRTIO_F_EVENT_IDX);
    mmio_write32(&regs->queue_size, queue->size);
    if (!get_memory(queue, device)) {
        quoll_log("not enough DMA memory for queue %u of %u descriptors", number, queue->size);
        return QUOLL_EBUSY;
    }
    clear(queue);
    dma_fence_write();
    mmio_write32(&regs->queue_ready, 1);
    return QUOLL_OK;
}

/* 2.7.13.1: descriptors of a chain follow the free list, which linked them already. */
void virtqueue_add(struct virtqueue *queue, const struct virtqueue_part *parts, unsigned number,
                   uint32_t cookie)
{
    struct virtqueue_batch batch = virtqueue_begin(queue);
    uint32_t head = batch.first_free;
    uint32_t writable = 0;

    QUOLL_INVARIANT(number >= 1 && number <= queue->free);
    for (unsigned i = 0; i < number; i++) {
        bool last = i == number - 1U;
        uint16_t flags = (parts[i].device_writes ? VIRTQ_WRITE : 0U) | (last ? 0U : VIRTQ_NEXT);
        uint32_t index = virtqueue_fill(&batch, parts[i].address, parts[i].length, flags);

        batch.descriptors[index].next = last ? 0 : (uint16_t)batch.first_free;
        writable += parts[i].device_writes ? parts[i].length : 0;
    }
    virtqueue_offer(&batch, head, cookie, writable, number);
    virtqueue_end(queue, &batch);
}

bool virtqueue_reclaim(struct virtqueue *queue, uint32_t *cookie)
{
    for (; queue->reclaimed < queue->size; queue->reclaimed++) {
        uint32_t head = queue->reclaimed;

        if (queue->slot[head].count != 0) {
            *cookie = queue->slot[head].cookie;
            queue->free += queue->slot[head].count;
            queue->taken += 1U;
            queue->slot[head].count = 0; /* not linked: the queue is opened anew */
            return true;
        }
    }
    return false;
}
