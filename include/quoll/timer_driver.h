/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a timer driver is made of: the operations of one device, to be filled into
 * the loop that all timer drivers share (timer/driver.c).
 *
 *     static const struct timer_device device = {.start = start, ...};
 *     TIMER_DRIVER(device, .compatible = {"arm,armv8-timer"}, ...);
 */
#ifndef QUOLL_TIMER_DRIVER_H
#define QUOLL_TIMER_DRIVER_H

#include <stdint.h>

#include <quoll/config.h>
#include <quoll/error.h>
#include <quoll/pd.h>

struct timer_device {
    /** Reset the device, whatever an earlier life left; its interrupt is off afterwards. */
    enum quoll_error (*start)(void);

    /**
     * Interrupt once at `when` (ns since reset, as quoll_now() counts) or soon after,
     * at once if that has passed. An interrupt that comes early is not an error. It
     * replaces what was set before.
     */
    void (*set)(uint64_t when);

    /** No interrupt any more; a level that is raised is taken back. */
    void (*clear)(void);
};

void timer_driver_start(const struct timer_device *device);
void timer_driver_wake(microkit_channel channel);

/** The whole program: its entry points and its description (struct quoll_driver). */
#define TIMER_DRIVER(operations, ...)                                                              \
    void pd_start(void)                                                                            \
    {                                                                                              \
        timer_driver_start(&(operations));                                                         \
    }                                                                                              \
    void pd_wake(microkit_channel channel)                                                         \
    {                                                                                              \
        timer_driver_wake(channel);                                                                \
    }                                                                                              \
    QUOLL_DRIVER(.class_name = "timer", __VA_ARGS__)

#endif
