/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a network driver is made of: the operations of one device, net_device_..., for
 * the loops that all network drivers share (net/driver.c), and
 *
 *     NET_DRIVER(.compatible = {"virtio,mmio"}, .registers = 1, ...);
 *
 * Functions of these names, no pointers to them: then the compiler, which sees loops and
 * device together, makes one piece of them.
 *
 * Whatever the device is given, it hands back exactly once: when done, or after
 * stop(). All are called one at a time, and those
 * about frames only between start() and stop(), except as said.
 */
#ifndef QUOLL_NET_DRIVER_H
#define QUOLL_NET_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/config.h>
#include <quoll/error.h>
#include <quoll/net.h>
#include <quoll/pd.h>

/* For the operations that are in each frame's way: in one piece with the loops. */
#define NET_DEVICE_INLINE __attribute__((always_inline)) inline

/**
 * Reset the device, whatever an earlier life left: it then reads and writes no
 * memory. Called first of all, and again at any time.
 *
 * @return if not QUOLL_OK, the driver gives up: the device may still use what it has
 */
enum quoll_error net_device_stop(void);

/** From reset to running, with nothing in its hands yet; fills in all of *info but `ready`. */
enum quoll_error net_device_start(struct net_info *info);

/**
 * The device's interrupt: clear it in the device, before anything is taken.
 *
 * @return whether it is about more than frames: then ask net_device_changed()
 */
bool net_device_interrupted(void);

/** What is new with the device: fills in what of *info may have changed. */
void net_device_changed(struct net_info *info);

/** Whether the device has broken its protocol, or asks for it, and must be reset. */
bool net_device_failed(void);

/* How many more buffers, how many more frames, the device surely takes. */
uint32_t net_device_rx_room(void);
uint32_t net_device_tx_room(void);

/** Frames that the device was given, sent or not, and that were not taken back. */
uint32_t net_device_tx_held(void);

/** Take the next buffers or frames that were found in the queue, as many as there is room for. */
void net_device_rx_give(struct queue_consumer *from);
void net_device_tx_give(struct queue_consumer *from);

/**
 * Take back what the device is done with, as much as there is room known (NAME_push): if
 * there is room left, there was no more.
 */
void net_device_rx_take(struct queue_producer *to);
void net_device_tx_take(struct queue_producer *to);

/**
 * The usual case alone, as straight code: exactly one frame was received, was found, and there
 * is room for it (and for `spare` more). False: it is not so, and nothing was done.
 */
bool net_device_rx_take_one(struct queue_producer *to, uint32_t spare);
bool net_device_tx_give_one(struct queue_consumer *from);

/** The same after stop(): all that it still had, buffers with length 0. */
void net_device_rx_reclaim(struct queue_putting *to);
void net_device_tx_reclaim(struct queue_putting *to);

/**
 * Ask for an interrupt at the next received frame.
 *
 * @return false if there is one already
 */
bool net_device_rx_sleep(void);

/**
 * If `wanted`, ask for an interrupt when some of the frames that the device has are
 * sent; else for none.
 *
 * @return false if there are some already, and they are wanted
 */
bool net_device_tx_sleep(bool wanted);

void net_driver_start(void);
void net_driver_wake(microkit_channel channel);

/** The whole program: its entry points and its description (struct quoll_driver). */
#define NET_DRIVER(...)                                                                            \
    void pd_start(void)                                                                            \
    {                                                                                              \
        net_driver_start();                                                                        \
    }                                                                                              \
    void pd_wake(microkit_channel channel)                                                         \
    {                                                                                              \
        net_driver_wake(channel);                                                                  \
    }                                                                                              \
    QUOLL_DRIVER(.class_name = "net", __VA_ARGS__)

#endif
