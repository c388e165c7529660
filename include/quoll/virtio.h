/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device behind memory-mapped registers.
 *
 * Source: OASIS "Virtual I/O Device (VIRTIO) Version 1.2"; section numbers are its
 * own. Only the modern register layout (4.2.2, version 2); a legacy device is
 * refused. Queues are in <quoll/virtqueue.h>. A driver's life with its device:
 *
 *     virtio_find     once: is it there, modern, and of our kind?
 *     virtio_reset    the device is quiet and holds nothing of ours
 *     virtio_begin    status up to FEATURES_OK, with the features both sides want
 *     virtqueue_open  for each queue; read the configuration
 *     virtio_run      DRIVER_OK: from here on the device works
 *
 * and from virtio_reset again for a new life.
 */
#ifndef QUOLL_VIRTIO_H
#define QUOLL_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quoll/config.h>
#include <quoll/error.h>

#define VIRTIO_DRIVER_REGISTERS 0x200U /* bytes: the layout and some configuration */

enum virtio_device_id { /* 5 */
                        VIRTIO_ID_NET = 1,
                        VIRTIO_ID_BLOCK = 2,
};

/* Bit numbers of features of every device (6); those of a kind are its driver's. */
#define VIRTIO_F_EVENT_IDX 29U
#define VIRTIO_F_VERSION_1 32U

/* A set of features: a type of its own, so that it cannot be taken for a bit number. */
struct virtio_features {
    uint64_t set;
};

static inline bool virtio_has(struct virtio_features features, unsigned bit)
{
    return (features.set >> bit & 1U) != 0;
}

/* What a driver says about a feature. Those of every device need not be listed. */
struct virtio_wish {
    uint8_t bit;
    bool required;
    const char *name;
};
#define VIRTIO_REQUIRE(feature)                                                                    \
    {                                                                                              \
        .bit = (feature), .required = true, .name = #feature                                       \
    }
#define VIRTIO_ACCEPT(feature)                                                                     \
    {                                                                                              \
        .bit = (feature), .required = false, .name = #feature                                      \
    }

/* How a device breaks the protocol of its queues. */
enum virtqueue_fault {
    VIRTQUEUE_NO_FAULT,
    VIRTQUEUE_TOO_MANY,      /* it used more chains than it has, */
    VIRTQUEUE_NOT_ITS_CHAIN, /* or one that it does not have, */
    VIRTQUEUE_TOO_LONG,      /* or says that it wrote more than it may */
};

struct virtio_registers;

struct virtio_device {
    struct virtio_registers *registers;
    size_t config_size;              /* bytes of configuration within the mapped registers */
    struct virtio_features features; /* negotiated */
    /* The driver's DMA memory, handed out from the start again after each reset. */
    unsigned char *dma;
    uint64_t dma_io;
    size_t dma_size;
    size_t dma_used;
    bool failed; /* it broke the protocol, or says that it failed: it must be reset */
    enum virtqueue_fault fault; /* in what way, if it did, */
    uint32_t fault_queue;       /* with which queue */
};

/**
 * Look whether the device that the composer gave us (quoll_config.device) is a
 * modern virtio device of the kind `id`; says in the log why not.
 *
 * @param what  the kind in words, for the log
 * @return QUOLL_OK, QUOLL_ENOTFOUND (no device, or another kind) or
 *         QUOLL_EUNSUPPORTED (legacy)
 */
enum quoll_error virtio_find(struct virtio_device *device, enum virtio_device_id id,
                             const char *what);

/**
 * Reset (2.4), after saying and counting how the device broke the protocol if it did: afterwards
 * the device reads and writes no memory and interrupts no more. Takes back all DMA memory.
 *
 * @return QUOLL_OK, or QUOLL_ETIMEDOUT if the device did not say so in time: what it
 *         was given may then not be used again
 */
enum quoll_error virtio_reset(struct virtio_device *device);

/**
 * After a reset: ACKNOWLEDGE, DRIVER, features, FEATURES_OK (3.1.1, steps 2 to 6).
 * VIRTIO_F_VERSION_1 is always required, VIRTIO_F_EVENT_IDX always accepted.
 *
 * @return QUOLL_OK, or QUOLL_EUNSUPPORTED: a required feature is missing (named in the
 *         log) or the device does not accept the choice
 */
enum quoll_error virtio_begin(struct virtio_device *device, const struct virtio_wish *wishes,
                              size_t count);

/** DRIVER_OK (3.1.1, step 8). */
void virtio_run(struct virtio_device *device);

/** FAILED (2.1): the driver gives the device up. */
void virtio_give_up(struct virtio_device *device);

/**
 * Read `size` bytes of the configuration at `offset` in one piece (2.5.1), field by
 * field of `width` bytes: 1, 2 or 4; 64-bit fields are two of 4 (4.2.2.2).
 *
 * @return false if the range is not mapped, or the device kept changing it; *to is
 *         then zeroed
 */
bool virtio_read_config(const struct virtio_device *device, size_t offset, void *to, size_t size,
                        unsigned width);

#define VIRTIO_INTERRUPT_USED   1U /* a queue has used buffers */
#define VIRTIO_INTERRUPT_CONFIG 2U /* the configuration changed, or the device needs a reset */

/**
 * Why the device interrupted us; acknowledged in the device (4.2.2: InterruptStatus,
 * InterruptACK). To be called before the queues are looked at.
 */
uint32_t virtio_interrupted(const struct virtio_device *device);

/** Whether the device has failed and asks for a reset (DEVICE_NEEDS_RESET, 2.1). */
bool virtio_needs_reset(const struct virtio_device *device);

/**
 * A piece of the DMA memory, zeroed, at a multiple of `align` (a power of two).
 *
 * @return NULL if there is not that much left
 */
void *virtio_dma(struct virtio_device *device, size_t size, size_t align, uint64_t *io);

#endif
