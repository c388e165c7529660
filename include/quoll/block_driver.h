/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a block driver is made of: the operations of one device, to be filled into
 * the loop that all block drivers share (block/driver.c).
 *
 *     static const struct block_device device = {.find = find, ...};
 *     BLOCK_DRIVER(device, .compatible = {"virtio,mmio"}, .registers = 1, ...);
 *
 * Blocks, counts and addresses have been checked against what start() said when a
 * request reaches the device; the data's I/O address is the virtualiser's word, and
 * nobody's memory is mapped here.
 */
#ifndef QUOLL_BLOCK_DRIVER_H
#define QUOLL_BLOCK_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/block.h>
#include <quoll/config.h>
#include <quoll/error.h>
#include <quoll/pd.h>

enum block_event {
    BLOCK_EVENT_NONE,
    BLOCK_EVENT_CHANGED, /* the device tells of another capacity */
    BLOCK_EVENT_FAILED,  /* the device wants to be reset */
};

struct block_device {
    /** Once, first: whether this is a device that the driver knows. */
    enum quoll_error (*find)(void);

    /**
     * Reset the device, whatever it was doing: afterwards it touches no memory and
     * does not interrupt. Counts COUNT_RESETS. Fails if it does not come to rest in time.
     */
    enum quoll_error (*stop)(void);

    /** Make the stopped device work, and say what it is; info is zeroed. */
    enum quoll_error (*start)(struct block_info *info);

    /** Requests that can be submitted now. */
    unsigned (*room)(void);

    /** Take over a request; there is room. The device sees it after publish(). */
    void (*submit)(const struct block_request *request);
    void (*publish)(void);

    /** A request that the device is done with; false: none, for now. */
    bool (*next)(struct block_response *done);

    /** Ask for an interrupt for the next one; false: there are some already. */
    bool (*sleep)(void);

    /** After stop(): a request that the device was never done with; false: none is left. */
    bool (*lost)(uint32_t *id);

    /** Why the device interrupted us, acknowledged in the device. CHANGED: updates info. */
    enum block_event (*interrupted)(struct block_info *info);

    /** Whether the device has broken its protocol, so that only a reset helps. */
    bool (*broken)(void);
};

void block_driver_start(const struct block_device *device);
void block_driver_wake(microkit_channel channel);

/** The whole program: its entry points and its description (struct quoll_driver). */
#define BLOCK_DRIVER(operations, ...)                                                              \
    void pd_start(void)                                                                            \
    {                                                                                              \
        block_driver_start(&(operations));                                                         \
    }                                                                                              \
    void pd_wake(microkit_channel channel)                                                         \
    {                                                                                              \
        block_driver_wake(channel);                                                                \
    }                                                                                              \
    QUOLL_DRIVER(.class_name = "block", __VA_ARGS__)

#endif
