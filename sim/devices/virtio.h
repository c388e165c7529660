/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the simulated virtio devices share: registers behind memory, split queues, and
 * how they misbehave when asked to.
 *
 * Source: OASIS "Virtual I/O Device (VIRTIO) Version 1.2"; section numbers are its own.
 * Nothing here comes from the drivers' headers, so that an error there shows.
 *
 * A kind of device (net, block) embeds a struct virtio as the first thing of its state
 * and calls virtio_start() when it starts; its struct sim_model takes the operations
 * below as they are. It is called back through struct virtio_kind.
 *
 * The device works some time after it is notified, never inside the driver's access:
 * what a driver may see before that, it will see.
 */
#ifndef SIM_DEVICES_VIRTIO_H
#define SIM_DEVICES_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/device.h"

#define VIRTIO_QUEUES     2U
#define VIRTIO_QUEUE_MAX  256U
#define VIRTIO_CONFIG_MAX 64U
#define VIRTIO_PARTS      64U /* of a chain that is looked at, at most */

/* How a device misbehaves; each is a word of the option "faults". */
enum virtio_fault {
    VIRTIO_FAULT_ID = 1U << 0,       /* answers a chain that it does not have */
    VIRTIO_FAULT_LENGTH = 1U << 1,   /* says that it wrote more, or less */
    VIRTIO_FAULT_INDEX = 1U << 2,    /* the used index jumps */
    VIRTIO_FAULT_LATE = 1U << 3,     /* takes its time, and goes out of order where it may */
    VIRTIO_FAULT_LOST = 1U << 4,     /* an interrupt does not come */
    VIRTIO_FAULT_SPURIOUS = 1U << 5, /* an interrupt comes for nothing */
    VIRTIO_FAULT_STUCK = 1U << 6,    /* an acknowledged interrupt stays */
    VIRTIO_FAULT_CONFIG = 1U << 7,   /* the configuration changes */
    VIRTIO_FAULT_TORN = 1U << 8,     /* and does so while it is being read */
    VIRTIO_FAULT_RESET = 1U << 9,    /* wants to be reset */
    VIRTIO_FAULT_SLOW = 1U << 10,    /* takes its time to reset, and goes on working meanwhile */
    VIRTIO_FAULT_DEAD = 1U << 11,    /* never finishes a reset */
    VIRTIO_FAULT_DATA = 1U << 12,    /* the kind's own: bad frames, bad status bytes */
};

struct virtio_queue {
    uint64_t descriptors, available, used; /* I/O addresses */
    uint32_t size;
    bool ready;
    bool silent;    /* the driver need not notify */
    uint16_t taken; /* of the available ring */
    uint16_t done;  /* put on the used ring */
    uint16_t told;  /* of these, when the driver was last considered for an interrupt */
};

struct virtio_feature {
    const char *name;
    unsigned bit;
};

struct virtio_kind {
    uint32_t id;
    unsigned queues;
    size_t config_size;
    const struct virtio_feature *features; /* names for the option "without"; ends with NULL */

    /* After a reset: forget what is under way. */
    void (*reset)(struct sim_device *device);

    /* There may be something in the queues; only between DRIVER_OK and reset. */
    void (*work)(struct sim_device *device);

    /* VIRTIO_FAULT_CONFIG: change something in `config`. */
    void (*change)(struct sim_device *device);
};

struct virtio {
    const struct virtio_kind *kind;
    uint64_t offered, accepted;
    uint32_t version;
    uint32_t status;
    uint32_t interrupt;
    uint32_t feature_select, accept_select, queue_select;
    uint32_t queue_max;
    uint32_t generation;
    uint32_t faults; /* enum virtio_fault */
    uint32_t rate;   /* one chance in so many is left to sim_choose() */
    uint64_t random;
    uint64_t latency;
    uint64_t work_at;  /* SIM_NEVER: nothing to do */
    uint64_t reset_at; /* SIM_NEVER: not resetting */
    bool dead;
    struct virtio_queue queue[VIRTIO_QUEUES];
    _Alignas(8) unsigned char config[VIRTIO_CONFIG_MAX];
};

/* A chain of descriptors, in the simulator's memory. */
struct virtio_part {
    unsigned char *at;
    uint32_t size;
    bool writable;
};

struct virtio_chain {
    uint16_t head;
    unsigned parts;
    uint32_t readable, writable; /* bytes */
    struct virtio_part part[VIRTIO_PARTS];
};

/* What every kind's model is filled in with; `help` in its options. */
#define VIRTIO_HELP                                                                                \
    "queue=N (descriptors, 256), latency=NS, without=FEATURE+FEATURE, version=1 (legacy), "        \
    "seed=N, rate=N, faults=all or id+length+index+late+lost+spurious+stuck+config+torn+"          \
    "reset+slow+dead+data"

void virtio_start(struct sim_device *device, const struct virtio_kind *kind, uint64_t features,
                  const char *options);
uint64_t virtio_read(struct sim_device *device, uint32_t offset, unsigned size);
void virtio_write(struct sim_device *device, uint32_t offset, uint64_t value, unsigned size);
void virtio_event(struct sim_device *device);

/** Call work() in `after` ns. */
void virtio_work_in(struct sim_device *device, uint64_t after);

/** Whether DRIVER_OK is set and nothing is wrong. */
bool virtio_running(const struct sim_device *device);

bool virtio_has(const struct sim_device *device, unsigned bit);

/** The next chain that the driver offers, with all its parts; false: none (or nonsense). */
bool virtio_take(struct sim_device *device, unsigned queue, struct virtio_chain *chain);

/** A chain that was taken, by its head; false: it is no longer one. */
bool virtio_look_at(struct sim_device *device, unsigned queue, uint16_t head,
                    struct virtio_chain *chain);

/** Put the last `count` chains back: they were not used. */
void virtio_untake(struct sim_device *device, unsigned queue, unsigned count);

/** Put a chain on the used ring. */
void virtio_use(struct sim_device *device, unsigned queue, const struct virtio_chain *chain,
                uint32_t length);

/** After a batch: interrupt if the driver wants to know (2.7.7). */
void virtio_tell(struct sim_device *device, unsigned queue);

/**
 * Say whether the driver shall notify of new chains (2.7.10).
 *
 * @return false if it shall and there are some already: look again
 */
bool virtio_await(struct sim_device *device, unsigned queue, bool wanted);

/** The configuration has changed (2.5). */
void virtio_config_changed(struct sim_device *device);

/** Copy out of, into a chain's readable, writable bytes; how many. */
size_t virtio_gather(const struct virtio_chain *chain, size_t offset, void *to, size_t size);
size_t virtio_scatter(const struct virtio_chain *chain, size_t offset, const void *from,
                      size_t size);

/** Whether the device misbehaves in this way now. */
bool virtio_fault(struct sim_device *device, enum virtio_fault fault, const char *what);

/** The device's own random numbers, part of its state. */
uint64_t virtio_random(struct sim_device *device);

#endif
