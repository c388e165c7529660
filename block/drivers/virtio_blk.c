/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio block device, over memory-mapped registers.
 *
 * Source: OASIS "Virtual I/O Device (VIRTIO) Version 1.2", section 5.2; section
 * numbers are its own.
 *
 * A request is a chain of header, data and status. Header and status lie in the
 * driver's own DMA memory, a slot for each request; the data are where the
 * virtualiser says, which the driver passes on and never sees. The status byte is
 * set to a value that is no status before the device gets it: only what the device
 * wrote counts as its answer.
 */
#include <string.h>

#include <quoll/block_driver.h>
#include <quoll/counters.h>
#include <quoll/log.h>
#include <quoll/virtio.h>
#include <quoll/virtqueue.h>

#include "virtio_blk_regs.h"

#define REQUEST_QUEUE  0U   /* 5.2.2 */
#define DESCRIPTORS    256U /* at most */
#define CHAIN          3U   /* header, data, status */
#define SLOTS          64U
#define REQUEST_MAX    (1U << 20) /* bytes; nobody needs more at once */
#define NO_STATUS      0xffU
#define BLOCK_SIZE_MAX 4096U

/* A request's own memory, a cache line. */
struct slot_memory {
    struct virtio_blk_header header;
    struct virtio_blk_range range;
    uint8_t status;
    uint8_t reserved[31];
};
static_assert(sizeof(struct slot_memory) == QUOLL_CACHE_LINE, "one line each");

static struct virtio_device device;
static struct virtqueue queue;
static struct {
    volatile struct slot_memory *memory;
    uint64_t io;
    uint64_t free; /* slots, a bit each */
    uint32_t id[SLOTS];
} slots;
static uint32_t sectors_per_block;

static enum quoll_error find(void)
{
    return virtio_find(&device, VIRTIO_ID_BLOCK, "block device");
}

static enum quoll_error stop(void)
{
    return virtio_reset(&device);
}

/* ---- Starting ---- */

static const struct virtio_wish wishes[] = {
    VIRTIO_ACCEPT(VIRTIO_BLK_F_SIZE_MAX),     VIRTIO_ACCEPT(VIRTIO_BLK_F_SEG_MAX),
    VIRTIO_ACCEPT(VIRTIO_BLK_F_RO),           VIRTIO_ACCEPT(VIRTIO_BLK_F_BLK_SIZE),
    VIRTIO_ACCEPT(VIRTIO_BLK_F_FLUSH),        VIRTIO_ACCEPT(VIRTIO_BLK_F_DISCARD),
    VIRTIO_ACCEPT(VIRTIO_BLK_F_WRITE_ZEROES),
};

static bool has(unsigned feature)
{
    return virtio_has(device.features, feature);
}

static bool read_config(struct virtio_blk_config *config)
{
    return virtio_read_config(&device, 0, config, sizeof *config, sizeof(uint32_t));
}

static uint64_t blocks_of(const struct virtio_blk_config *config)
{
    uint64_t sectors = (uint64_t)config->capacity[1] << 32 | config->capacity[0];

    return sectors / sectors_per_block;
}

/* 5.2.5: fields count only with their features. */
static enum quoll_error describe(const struct virtio_blk_config *config, struct block_info *info)
{
    uint32_t size = has(VIRTIO_BLK_F_BLK_SIZE) ? config->blk_size : VIRTIO_BLK_SECTOR;
    uint32_t most = has(VIRTIO_BLK_F_SIZE_MAX) && config->size_max < REQUEST_MAX ? config->size_max
                                                                                 : REQUEST_MAX;

    if (size < VIRTIO_BLK_SECTOR || size > BLOCK_SIZE_MAX || (size & (size - 1U)) != 0) {
        quoll_log("the device's block size, %u, is not supported", size);
        return QUOLL_EUNSUPPORTED;
    }
    if (most < size || (has(VIRTIO_BLK_F_SEG_MAX) && config->seg_max == 0)) {
        quoll_log("the device cannot transfer a block in one piece");
        return QUOLL_EUNSUPPORTED;
    }
    uint32_t most_sectors = most / size * (size / VIRTIO_BLK_SECTOR);

    sectors_per_block = size / VIRTIO_BLK_SECTOR;
    info->blocks = blocks_of(config);
    info->block_size = size;
    info->max_count = most / size;
    info->writable = !has(VIRTIO_BLK_F_RO);
    info->can_flush = has(VIRTIO_BLK_F_FLUSH);
    info->can_discard = has(VIRTIO_BLK_F_DISCARD) && config->max_discard_seg > 0 &&
                        config->max_discard_sectors >= most_sectors;
    info->can_write_zeroes = has(VIRTIO_BLK_F_WRITE_ZEROES) && config->max_write_zeroes_seg > 0 &&
                             config->max_write_zeroes_sectors >= most_sectors;
    return QUOLL_OK;
}

static enum quoll_error make_slots(void)
{
    unsigned number = queue.size / CHAIN < SLOTS ? queue.size / CHAIN : SLOTS;

    slots.memory = virtio_dma(&device, number * sizeof *slots.memory, QUOLL_CACHE_LINE, &slots.io);
    slots.free = number == SLOTS ? UINT64_MAX : (1ULL << number) - 1U;
    return slots.memory == NULL || number == 0 ? QUOLL_EBUSY : QUOLL_OK;
}

/* 3.1.1 and 5.2.5. */
static enum quoll_error start(struct block_info *info)
{
    struct virtio_blk_config config;
    enum quoll_error error = virtio_begin(&device, wishes, sizeof wishes / sizeof wishes[0]);

    if (error == QUOLL_OK) {
        error = read_config(&config) ? describe(&config, info) : QUOLL_EIO;
    }
    if (error == QUOLL_OK) {
        error = virtqueue_open(&queue, &device, REQUEST_QUEUE, DESCRIPTORS);
    }
    if (error == QUOLL_OK) {
        error = make_slots();
    }
    if (error != QUOLL_OK) {
        virtio_give_up(&device);
        return error;
    }
    virtio_run(&device);
    return QUOLL_OK;
}

/* ---- Requests (5.2.6) ---- */

static unsigned room(void)
{
    return slots.free != 0 && virtqueue_room(&queue) >= CHAIN;
}

static uint32_t type_of(const struct block_request *request)
{
    switch (request->operation) {
    case BLOCK_WRITE:
        return VIRTIO_BLK_T_OUT;
    case BLOCK_FLUSH:
        return VIRTIO_BLK_T_FLUSH;
    case BLOCK_DISCARD:
        return VIRTIO_BLK_T_DISCARD;
    case BLOCK_WRITE_ZEROES:
        return VIRTIO_BLK_T_WRITE_ZEROES;
    default:
        return VIRTIO_BLK_T_IN;
    }
}

/* The part between header and status, if the operation has one. */
static unsigned add_data(struct virtqueue_part *part, const struct block_request *request,
                         unsigned slot)
{
    uint32_t sectors = request->count * sectors_per_block;

    switch (request->operation) {
    case BLOCK_FLUSH:
        return 0;
    case BLOCK_DISCARD:
    case BLOCK_WRITE_ZEROES:
        slots.memory[slot].range.sector = request->block * sectors_per_block;
        slots.memory[slot].range.sectors = sectors;
        slots.memory[slot].range.flags = 0;
        part->address =
            slots.io + slot * sizeof(struct slot_memory) + offsetof(struct slot_memory, range);
        part->length = sizeof(struct virtio_blk_range);
        part->device_writes = false;
        return 1;
    default:
        part->address = request->data;
        part->length = sectors * VIRTIO_BLK_SECTOR;
        part->device_writes = request->operation == BLOCK_READ;
        return 1;
    }
}

static void submit(const struct block_request *request)
{
    unsigned slot = (unsigned)__builtin_ctzll(slots.free);
    volatile struct slot_memory *memory = &slots.memory[slot];
    uint64_t io = slots.io + slot * sizeof(struct slot_memory);
    bool places = request->operation == BLOCK_READ || request->operation == BLOCK_WRITE;
    struct virtqueue_part parts[CHAIN];
    unsigned number = 0;

    memory->header.type = type_of(request);
    memory->header.reserved = 0;
    memory->header.sector = places ? request->block * sectors_per_block : 0;
    memory->status = NO_STATUS;
    parts[number++] = (struct virtqueue_part){io, sizeof(struct virtio_blk_header), false};
    number += add_data(&parts[number], request, slot);
    parts[number++] = (struct virtqueue_part){io + offsetof(struct slot_memory, status), 1, true};

    slots.free &= ~(1ULL << slot);
    slots.id[slot] = request->id;
    virtqueue_add(&queue, parts, number, slot);
}

static void publish(void)
{
    virtqueue_publish(&queue);
}

static enum quoll_error status_of(uint8_t status)
{
    switch (status) {
    case VIRTIO_BLK_S_OK:
        return QUOLL_OK;
    case VIRTIO_BLK_S_IOERR:
        return QUOLL_EIO;
    case VIRTIO_BLK_S_UNSUPP:
        return QUOLL_EUNSUPPORTED;
    default:
        count(COUNT_DEVICE_ERRORS, 1);
        return QUOLL_EIO;
    }
}

static bool next(struct block_response *response)
{
    struct virtqueue_done done;

    if (queue.ready == 0 && virtqueue_look(&queue) == 0) {
        return false;
    }
    if (!virtqueue_take(&queue, &done)) {
        return false;
    }
    response->id = slots.id[done.cookie];
    response->status = status_of(slots.memory[done.cookie].status);
    slots.free |= 1ULL << done.cookie;
    return true;
}

static bool sleep(void)
{
    return virtqueue_sleep(&queue, 1);
}

static bool lost(uint32_t *id)
{
    uint32_t slot;

    if (!virtqueue_reclaim(&queue, &slot)) {
        return false;
    }
    *id = slots.id[slot];
    return true;
}

/* ---- Events ---- */

static bool broken(void)
{
    return queue.broken;
}

/* 5.2.4: the capacity may change; nothing else is taken over without a reset. */
static enum block_event interrupted(struct block_info *info)
{
    struct virtio_blk_config config;

    if ((virtio_interrupted(&device) & VIRTIO_INTERRUPT_CONFIG) == 0) {
        return BLOCK_EVENT_NONE;
    }
    if (virtio_needs_reset(&device) || !read_config(&config)) {
        return BLOCK_EVENT_FAILED;
    }
    info->blocks = blocks_of(&config);
    return BLOCK_EVENT_CHANGED;
}

static const struct block_device operations = {
    .find = find,
    .stop = stop,
    .start = start,
    .room = room,
    .submit = submit,
    .publish = publish,
    .next = next,
    .sleep = sleep,
    .lost = lost,
    .interrupted = interrupted,
    .broken = broken,
};

BLOCK_DRIVER(operations, .compatible = {"virtio,mmio"}, .registers = 1, .interrupts = 1,
             .register_size = {VIRTIO_DRIVER_REGISTERS}, .dma_size = 16384);
