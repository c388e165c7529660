/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory-mapped registers of a modern virtio device: VIRTIO 1.2, 4.2.2. */
#ifndef BUS_VIRTIO_REGISTERS_H
#define BUS_VIRTIO_REGISTERS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTIO_MAGIC   0x74726976U /* "virt" */
#define VIRTIO_VERSION 2U

/* The 64 bits of an I/O address. */
struct virtio_address {
    uint32_t low;
    uint32_t high;
};

struct virtio_registers {
    uint32_t magic;
    uint32_t version;
    uint32_t device_id; /* 0: a place without a device */
    uint32_t vendor_id;
    uint32_t device_features; /* 32 of them, which `_select` says */
    uint32_t device_features_select;
    uint32_t reserved_018[2];
    uint32_t driver_features;
    uint32_t driver_features_select;
    uint32_t reserved_028[2];
    uint32_t queue_select; /* which queue the queue_ registers mean */
    uint32_t queue_size_max;
    uint32_t queue_size;
    uint32_t reserved_03c[2];
    uint32_t queue_ready;
    uint32_t reserved_048[2];
    uint32_t queue_notify;
    uint32_t reserved_054[3];
    uint32_t interrupt_status;
    uint32_t interrupt_acknowledge;
    uint32_t reserved_068[2];
    uint32_t status;
    uint32_t reserved_074[3];
    struct virtio_address queue_descriptors;
    uint32_t reserved_088[2];
    struct virtio_address queue_available;
    uint32_t reserved_098[2];
    struct virtio_address queue_used;
    uint32_t reserved_0a8[21];
    uint32_t config_generation;
    unsigned char config[];
};

static_assert(offsetof(struct virtio_registers, driver_features) == 0x020, "4.2.2");
static_assert(offsetof(struct virtio_registers, queue_select) == 0x030, "4.2.2");
static_assert(offsetof(struct virtio_registers, queue_ready) == 0x044, "4.2.2");
static_assert(offsetof(struct virtio_registers, queue_notify) == 0x050, "4.2.2");
static_assert(offsetof(struct virtio_registers, interrupt_status) == 0x060, "4.2.2");
static_assert(offsetof(struct virtio_registers, status) == 0x070, "4.2.2");
static_assert(offsetof(struct virtio_registers, queue_descriptors) == 0x080, "4.2.2");
static_assert(offsetof(struct virtio_registers, queue_used) == 0x0a0, "4.2.2");
static_assert(offsetof(struct virtio_registers, config_generation) == 0x0fc, "4.2.2");
static_assert(offsetof(struct virtio_registers, config) == 0x100, "4.2.2");

/* Device status, 2.1. */
#define VIRTIO_STATUS_ACKNOWLEDGE 1U
#define VIRTIO_STATUS_DRIVER      2U
#define VIRTIO_STATUS_DRIVER_OK   4U
#define VIRTIO_STATUS_FEATURES_OK 8U
#define VIRTIO_STATUS_NEEDS_RESET 64U
#define VIRTIO_STATUS_FAILED      128U

#endif
