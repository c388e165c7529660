/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device that works, and lies now and then: its registers, and its used rings,
 * which it writes while the driver reads (racing.h). To be included before all else.
 */
#ifndef RACING_VIRTIO_H
#define RACING_VIRTIO_H

#define QUOLL_SIM /* registers are played; to the rest it makes no difference */

#include "racing.h"

#include "bus/virtio/mmio.c"
#include "bus/virtio/virtqueue.c"

#define RACING_QUEUE     32U
#define RACING_REG(name) offsetof(struct virtio_registers, name)

static uint32_t racing_id, racing_features;
static uint32_t (*racing_config)(size_t at, unsigned size); /* a field of the configuration */
static uint32_t racing_status, racing_ready, racing_selected;

uint64_t sim_mmio_read(const volatile void *at, unsigned size)
{
    size_t offset = (uintptr_t)at - fake_config.device.registers[0].vaddr;

    switch (offset) {
    case RACING_REG(magic):
        return VIRTIO_MAGIC;
    case RACING_REG(version):
        return VIRTIO_VERSION;
    case RACING_REG(device_id):
        return racing_id;
    case RACING_REG(device_features): /* both halves: bit 0 is VERSION_1 in the upper one */
        return 1U | racing_features;
    case RACING_REG(queue_size_max):
        return RACING_QUEUE;
    case RACING_REG(queue_ready):
        return racing_ready >> racing_selected & 1U;
    case RACING_REG(status):
        return racing_status | (racing_draw(8192) == 0 ? VIRTIO_STATUS_NEEDS_RESET : 0U);
    case RACING_REG(interrupt_status):
        return racing_draw(32) == 0 ? VIRTIO_INTERRUPT_CONFIG : VIRTIO_INTERRUPT_USED;
    case RACING_REG(config_generation):
        return racing_draw(16) == 0;
    default:
        return offset < RACING_REG(config) ? racing_draw(256)
                                           : racing_config(offset - RACING_REG(config), size);
    }
}

void sim_mmio_write(volatile void *at, uint64_t value, unsigned size)
{
    size_t offset = (uintptr_t)at - fake_config.device.registers[0].vaddr;

    (void)size;
    if (offset == RACING_REG(queue_select)) {
        racing_selected = (uint32_t)value & 1U;
    } else if (offset == RACING_REG(queue_ready)) {
        racing_ready |= (uint32_t)value << racing_selected;
    } else if (offset == RACING_REG(status)) {
        racing_status = (uint32_t)value;
        racing_ready = value == 0 ? 0 : racing_ready;
    }
}

/* Most often as a device does it, or there would be nothing but resets. */
static inline void racing_use(const struct virtqueue *queue, uint32_t length)
{
    volatile struct virtq_used *used = queue->used;
    uint32_t head = racing_draw(RACING_QUEUE);

    if (used == NULL || queue->slot[head].count == 0) {
        return;
    }
    volatile struct virtq_used_entry *entry = &used->ring[queue->taken & (queue->size - 1U)];

    if (racing_draw(100) == 0) {
        entry = &used->ring[racing_draw(RACING_QUEUE)];
        length = racing_draw(2) == 0 ? racing_draw(UINT32_MAX) : length;
        head = racing_draw(2) == 0 ? racing_draw(UINT32_MAX) : racing_draw(RACING_QUEUE);
        used->flags = (uint16_t)racing_draw(2);
        *(volatile uint16_t *)(uintptr_t)queue->avail_event = (uint16_t)racing_draw(65536);
    }
    entry->length = length;
    entry->id = head;
    used->index = (uint16_t)(queue->taken + (racing_draw(500) == 0 ? racing_draw(65536) : 1U));
}

/* All entries say something else. */
static inline void racing_ring(const struct virtqueue *queue)
{
    for (uint32_t n = 0; queue->used != NULL && n < queue->size; n++) {
        queue->used->ring[n].id = racing_draw(UINT32_MAX);
        queue->used->ring[n].length = racing_draw(UINT32_MAX);
    }
}

/* A descriptor is free or belongs to one chain, of at most so many. */
static inline void racing_check_queue(const struct virtqueue *queue, uint32_t chain)
{
    uint32_t chains = 0, used = 0;

    for (uint32_t i = 0; i < queue->size; i++) {
        chains += queue->slot[i].count != 0;
        used += queue->slot[i].count;
        assert_true(queue->slot[i].count <= chain);
    }
    assert_true(queue->free <= queue->size);
    assert_true(queue->broken || queue->reclaimed > 0 ||
                (chains == virtqueue_outstanding(queue) && used + queue->free == queue->size));
}

static inline void racing_device_begin(uint32_t id, uint32_t features)
{
    racing_id = id;
    racing_features = features;
    fake_step = QUOLL_MS(5);
    fake_config.device.interrupt[0] = 40;
    (void)fake_region(&fake_config.device.registers[0], VIRTIO_DRIVER_REGISTERS, 0);
    (void)fake_region(&fake_config.device.dma, 16384, 0x80000000);
}

#endif
