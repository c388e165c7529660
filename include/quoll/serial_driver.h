/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a serial driver is made of: the operations of one device, to be filled into
 * the loop that all serial drivers share (serial/driver.c).
 *
 *     static const struct serial_device device = {.start = start, ...};
 *     SERIAL_DRIVER(device, .compatible = {"arm,pl011"}, .registers = 1, ...);
 *
 * Transmit only: until there is a virtualiser for it, devices are started with
 * their receiver off.
 */
#ifndef QUOLL_SERIAL_DRIVER_H
#define QUOLL_SERIAL_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/config.h>
#include <quoll/error.h>
#include <quoll/pd.h>

struct serial_device {
    /**
     * Reset the device and make it ready to send, whatever an earlier life left.
     * Its interrupt is off afterwards.
     */
    enum quoll_error (*start)(void);

    /** Hand over one byte; false if the device has no room. */
    bool (*put)(uint8_t byte);

    /**
     * Switch the interrupt for room on or off. Switched on only directly after
     * put() was false; the interrupt must come even if room came in between.
     */
    void (*notify_room)(bool wanted);
};

void serial_driver_start(const struct serial_device *device);
void serial_driver_wake(microkit_channel channel);

/** The whole program: its entry points and its description (struct quoll_driver). */
#define SERIAL_DRIVER(operations, ...)                                                             \
    void pd_start(void)                                                                            \
    {                                                                                              \
        serial_driver_start(&(operations));                                                        \
    }                                                                                              \
    void pd_wake(microkit_channel channel)                                                         \
    {                                                                                              \
        serial_driver_wake(channel);                                                               \
    }                                                                                              \
    QUOLL_DRIVER(.class_name = "serial", __VA_ARGS__)

#endif
