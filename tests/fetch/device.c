/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices that answer whatever the driver offers: a virtio device (VIRTIO 1.2, 4.2.2 and
 * 2.7) that is done with chains in any order, and a UART whose FIFO is full at times.
 */
#include <stdlib.h>
#include <string.h>

#include <quoll/virtqueue.h>

#include "bus/virtio/registers.h"
#include "fetch.h"
#include "net/drivers/virtio_net_regs.h"
#include "serial/drivers/pl011_regs.h"

#define QUEUES    2U
#define SIZE      64U
#define AT(field) offsetof(struct virtio_registers, field)

struct queue {
    uint64_t address[3]; /* I/O addresses: descriptors, available, used */
    uint32_t size, ready;
    uint16_t seen, used;
    uint16_t held[SIZE]; /* heads that the device has */
    unsigned holding;
    bool watched;
};

struct device {
    struct machine *machine;
    unsigned id; /* 0: the UART */
    uint8_t *dma;
    uint64_t dma_io, dma_size, dma_address;
    uint32_t status, features_select, select, interrupt;
    uint8_t config[64];
    struct queue queue[QUEUES];
};

struct device *device_pl011(void)
{
    return calloc(1, sizeof(struct device));
}

struct device *device_virtio(struct machine *m, unsigned id, uint64_t dma_address, uint64_t dma_io,
                             uint64_t dma_size)
{
    struct device *d = calloc(1, sizeof *d);
    uint32_t sectors = 4096;

    *d = (struct device){
        .machine = m, .id = id, .dma_address = dma_address, .dma_io = dma_io, .dma_size = dma_size};
    d->dma = machine_map(m, dma_address, dma_size);
    machine_watch(m, dma_address, dma_size, KIND_ANSWER, DEVICE_LINK);
    if (id == VIRTIO_ID_BLOCK) {
        memcpy(d->config, &sectors, sizeof sectors);
    }
    return d;
}

/* The driver has said where its rings are. */
static void watch(struct device *d, struct queue *queue)
{
    uint64_t available = d->dma_address + (queue->address[1] - d->dma_io);
    uint64_t used = d->dma_address + (queue->address[2] - d->dma_io);
    unsigned link = (unsigned)(queue - d->queue);

    machine_guard_anew(d->machine, used + 2U);
    if (queue->watched) {
        return;
    }
    queue->watched = true;
    machine_watch(d->machine, used, 2, KIND_WISH, link); /* flags */
    machine_watch(d->machine, used + 2U, 2, KIND_RING, link);
    machine_watch(d->machine, used + 4U, 8U * queue->size, KIND_ANSWER, link);
    machine_watch(d->machine, used + 4U + 8U * queue->size, 2, KIND_WISH, link); /* avail_event */
    machine_guard(d->machine, used + 2U, 2, used + 4U, 8, queue->size, NULL);
    machine_step_on_store(d->machine, available + 2U, 2, KIND_ANSWER, link);
    machine_step_on_store(d->machine, available + 2U, 2, KIND_ANSWER, DEVICE_LINK);
}

/* ---- Registers ---- */

static uint32_t *address_word(struct device *d, uint64_t offset)
{
    static const uint64_t at[] = {AT(queue_descriptors), AT(queue_available), AT(queue_used)};

    for (unsigned i = 0; i < 3; i++) {
        if (offset == at[i] || offset == at[i] + 4U) {
            return (uint32_t *)&d->queue[d->select % QUEUES].address[i] + (offset - at[i]) / 4U;
        }
    }
    return NULL;
}

uint32_t device_read(struct device *d, uint64_t offset, unsigned size)
{
    uint32_t value = 0;

    if (d->id == 0) {
        return offset == offsetof(struct pl011_regs, fr) && draw(4) == 0 ? PL011_FR_TXFF : 0;
    }
    if (offset >= AT(config) && offset - AT(config) + size <= sizeof d->config) {
        memcpy(&value, d->config + offset - AT(config), size);
        return value;
    }
    switch (offset) {
    case AT(magic):
        return VIRTIO_MAGIC;
    case AT(version):
        return VIRTIO_VERSION;
    case AT(device_id):
        return d->id;
    case AT(device_features): /* VERSION_1 and EVENT_IDX */
        return d->features_select == 1 ? 1U : 1U << 29;
    case AT(queue_size_max):
        return d->select < QUEUES ? SIZE : 0;
    case AT(queue_ready):
        return d->queue[d->select % QUEUES].ready;
    case AT(status):
        return d->status;
    case AT(interrupt_status):
        return d->interrupt;
    default:
        return 0;
    }
}

static void reset(struct device *d)
{
    bool watched[QUEUES];

    for (unsigned i = 0; i < QUEUES; i++) {
        watched[i] = d->queue[i].watched;
        d->queue[i] = (struct queue){.watched = watched[i]};
    }
}

void device_write(struct device *d, uint64_t offset, uint32_t value)
{
    struct queue *queue = &d->queue[d->select % QUEUES];

    if (d->id == 0) {
        return;
    }
    if (address_word(d, offset) != NULL) {
        *address_word(d, offset) = value;
    } else if (offset == AT(device_features_select)) {
        d->features_select = value;
    } else if (offset == AT(queue_select)) {
        d->select = value;
    } else if (offset == AT(queue_size)) {
        queue->size = value;
    } else if (offset == AT(queue_ready)) {
        queue->ready = value;
        watch(d, queue);
    } else if (offset == AT(interrupt_acknowledge)) {
        d->interrupt &= ~value;
    } else if (offset == AT(status)) {
        d->status = value;
        if (value == 0) {
            reset(d);
        }
    }
}

/* ---- Work ---- */

static void *at_io(struct device *d, uint64_t io, uint64_t size)
{
    return io >= d->dma_io && io - d->dma_io <= d->dma_size - size ? d->dma + (io - d->dma_io)
                                                                   : NULL;
}

/* Write what belongs to the device in a chain: a status byte; and say how much that was. */
static uint32_t fill(struct device *d, const struct virtq_descriptor *descriptors, uint16_t head)
{
    uint32_t written = 0;

    for (unsigned n = 0; n < SIZE; n++) {
        struct virtq_descriptor one = descriptors[head % SIZE];
        uint8_t *bytes = at_io(d, one.address, one.length);
        if (one.flags & VIRTQ_WRITE) {
            written += one.length;
            if (bytes != NULL && one.length == 1) {
                *bytes = draw(8) == 0 ? 1 : 0;
            }
        }
        if (!(one.flags & VIRTQ_NEXT)) {
            break;
        }
        head = one.next;
    }
    return d->id == VIRTIO_ID_NET && written > 0 ? VIRTIO_NET_HEADER_SIZE + 14U + draw(1400)
                                                 : written;
}

static void collect(struct device *d, struct queue *queue)
{
    struct virtq_available *available = at_io(d, queue->address[1], 8U + 2U * queue->size);

    while (available != NULL && queue->seen != available->index && queue->holding < SIZE) {
        queue->held[queue->holding++] = available->ring[queue->seen % queue->size];
        queue->seen += 1U;
    }
}

static bool answer_one(struct device *d, struct queue *queue)
{
    struct virtq_descriptor *descriptors = at_io(d, queue->address[0], 16U * queue->size);
    struct virtq_used *used = at_io(d, queue->address[2], 8U + 8U * queue->size);
    unsigned which = queue->holding > 0 ? draw(queue->holding) : 0;

    if (descriptors == NULL || used == NULL || queue->holding == 0) {
        return false;
    }
    uint16_t head = queue->held[which];
    queue->held[which] = queue->held[--queue->holding];
    used->ring[queue->used % queue->size] =
        (struct virtq_used_entry){head, fill(d, descriptors, head)};
    queue->used += 1U;
    used->index = queue->used;
    uint16_t event = draw(2) == 0 ? queue->seen : (uint16_t)(queue->seen - 1U);
    memcpy(&used->ring[queue->size], &event, sizeof event);
    return true;
}

bool device_work(struct device *d)
{
    bool something = d->id == 0 && draw(2) == 0;

    for (unsigned i = 0; i < QUEUES; i++) {
        struct queue *queue = &d->queue[i];
        if (queue->ready && queue->size > 0) {
            collect(d, queue);
            for (unsigned n = draw(12); n > 0 && answer_one(d, queue); n--) {
                something = true;
            }
        }
    }
    d->interrupt |= something ? VIRTIO_INTERRUPT_USED : 0;
    return something;
}
