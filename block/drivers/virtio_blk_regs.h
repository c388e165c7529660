/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio block device: VIRTIO 1.2, section 5.2. */
#ifndef BLOCK_DRIVERS_VIRTIO_BLK_REGS_H
#define BLOCK_DRIVERS_VIRTIO_BLK_REGS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* 5.2.3: feature bits. */
#define VIRTIO_BLK_F_SIZE_MAX     1U
#define VIRTIO_BLK_F_SEG_MAX      2U
#define VIRTIO_BLK_F_RO           5U
#define VIRTIO_BLK_F_BLK_SIZE     6U
#define VIRTIO_BLK_F_FLUSH        9U
#define VIRTIO_BLK_F_DISCARD      13U
#define VIRTIO_BLK_F_WRITE_ZEROES 14U

/* 5.2.4: configuration. Sectors have 512 bytes, whatever the block size is. */
#define VIRTIO_BLK_SECTOR 512U
struct virtio_blk_config {
    uint32_t capacity[2]; /* sectors; low and high half */
    uint32_t size_max;    /* bytes of a segment */
    uint32_t seg_max;
    uint32_t geometry;
    uint32_t blk_size;
    uint32_t topology[2];
    uint32_t writeback_and_queues;
    uint32_t max_discard_sectors;
    uint32_t max_discard_seg;
    uint32_t discard_sector_alignment;
    uint32_t max_write_zeroes_sectors;
    uint32_t max_write_zeroes_seg;
};
static_assert(offsetof(struct virtio_blk_config, blk_size) == 20, "5.2.4");
static_assert(offsetof(struct virtio_blk_config, max_discard_sectors) == 36, "5.2.4");
static_assert(offsetof(struct virtio_blk_config, max_write_zeroes_seg) == 52, "5.2.4");

/* 5.2.6: a request is a header, data, and a status byte that the device writes. */
enum virtio_blk_type {
    VIRTIO_BLK_T_IN = 0,
    VIRTIO_BLK_T_OUT = 1,
    VIRTIO_BLK_T_FLUSH = 4,
    VIRTIO_BLK_T_DISCARD = 11,
    VIRTIO_BLK_T_WRITE_ZEROES = 13,
};

enum virtio_blk_status {
    VIRTIO_BLK_S_OK = 0,
    VIRTIO_BLK_S_IOERR = 1,
    VIRTIO_BLK_S_UNSUPP = 2,
};

struct virtio_blk_header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};
static_assert(sizeof(struct virtio_blk_header) == 16, "5.2.6");

/* The data of a discard or write zeroes. */
struct virtio_blk_range {
    uint64_t sector;
    uint32_t sectors;
    uint32_t flags;
};
static_assert(sizeof(struct virtio_blk_range) == 16, "5.2.6");

#endif
