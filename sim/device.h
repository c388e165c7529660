/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A simulated device: what its model offers to the simulator, and the reverse.
 *
 * A model is one file in sim/devices/, found without a list:
 *
 *     struct uart { uint32_t fr; ... };
 *
 *     static const struct sim_model model = {
 *         .compatible = "arm,pl011", .class_name = "serial", .state_size = sizeof(struct uart),
 *         .start = start, .read = read, .write = write, .event = event,
 *     };
 *     SIM_MODEL(model);
 *
 * There is an instance for each driver in the system whose device the model fits. All
 * that a schedule can change is in the instance's `state`, which begins as zeros and is
 * saved, restored and hashed as a whole: no pointers into the heap there, and no static
 * variables. What belongs to the host (files, sockets) hangs on `host`.
 *
 * Operations are called one at a time, never inside each other, and must not wait. Time
 * is the system's own, in nanoseconds, and stands still during an operation.
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_device;

struct sim_model {
    const char *compatible; /* of the device-tree node, as a driver names it */
    const char *class_name; /* of the driver; NULL: of any class */
    size_t state_size;
    const char *help; /* its options, for quoll-sim --help; NULL: none */

    /* Power on. Options are what --device NAME=OPTIONS says, "" if nothing. */
    void (*start)(struct sim_device *device, const char *options);

    /* Registers: `offset` from the start of register range 0, `size` 1, 2, 4 or 8. */
    uint64_t (*read)(struct sim_device *device, uint32_t offset, unsigned size);
    void (*write)(struct sim_device *device, uint32_t offset, uint64_t value, unsigned size);

    /* The time given to sim_at() has come. */
    void (*event)(struct sim_device *device);

    /* The descriptor given to sim_watch() can be read. */
    void (*input)(struct sim_device *device);

    /* The run ends: flush and close what hangs on `host`. */
    void (*stop)(struct sim_device *device);
};

struct sim_device {
    const struct sim_model *model;
    const char *name; /* of the device in the system's description: "nic" */
    void *state;      /* state_size bytes */
    void *host;       /* the model's own, for what is not part of the simulated machine */
    unsigned index;   /* among the devices; for the simulator */
};

/** Nanoseconds since the machine was reset. */
uint64_t sim_now(void);

/** Call event() at time `when`, at once if that has passed; replaces what was asked before. */
#define SIM_NEVER UINT64_MAX
void sim_at(struct sim_device *device, uint64_t when);

/** Set the level of the device's interrupt line `line` (from 0, as in its device-tree node). */
void sim_line(struct sim_device *device, unsigned line, bool level);

/**
 * Memory as the device sees it by DMA.
 *
 * @param io  I/O address of the first byte
 * @return where the simulator has these bytes, or NULL unless all of them belong to one
 *         region whose I/O address somebody was told: a real device would read nonsense or
 *         overwrite the system. Valid during this operation only.
 */
void *sim_dma(struct sim_device *device, uint64_t io, size_t size);

/**
 * A choice that is the device's: 0 to count - 1, where 0 is what an honest, ordinary
 * device does. Random, exhaustive and replayed runs choose the others too; `what` is how
 * the trace calls it. May be called in operations only.
 */
unsigned sim_choose(struct sim_device *device, const char *what, unsigned count);

/** The driver broke the device's rules: tell it as a failure of the run, "NAME: text". */
__attribute__((format(printf, 2, 3))) void sim_violation(struct sim_device *device,
                                                         const char *format, ...);

/** Show what the device sends to the outside world as text: a serial line's bytes. */
void sim_output(struct sim_device *device, const void *bytes, size_t size);

/** A line in the trace, "NAME: text", if devices are traced. */
__attribute__((format(printf, 2, 3))) void sim_trace(struct sim_device *device, const char *format,
                                                     ...);

/** Wrong options: the simulator ends with "NAME: text". */
__attribute__((noreturn, format(printf, 2, 3))) void sim_refuse(struct sim_device *device,
                                                                const char *format, ...);

/**
 * Call input() whenever `fd` can be read; -1: no more. Such a run is not repeatable;
 * refused (false) unless the schedule is by priority in one process.
 */
bool sim_watch(struct sim_device *device, int fd);

/** The value of KEY in options "key=value,key=value", copied into `value`; false: not there. */
bool sim_option(const char *options, const char *key, char *value, size_t size);

#define SIM_MODEL(model)                                                                           \
    static const struct sim_model *const sim_model_entry                                           \
        __attribute__((used, section("sim_models"))) = &(model)

#endif
