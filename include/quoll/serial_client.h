/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Output for clients.
 *
 *     static struct serial_client console;
 *
 *     void pd_start(void)
 *     {
 *         serial_client_open(&console, "console");
 *         serial_client_log(&console);
 *         quoll_log("hello");
 *     }
 *
 *     void pd_wake(microkit_channel channel)
 *     {
 *         serial_client_wake(&console, channel);
 *     }
 *
 * Bytes go into the link's queue. While the link is down (at start, or while the
 * virtualiser restarts) they are held in a small buffer of the client's own; what
 * the virtualiser had not shown when it died is lost.
 */
#ifndef QUOLL_SERIAL_CLIENT_H
#define QUOLL_SERIAL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quoll/error.h>
#include <quoll/link.h>
#include <quoll/serial.h>

#define SERIAL_CLIENT_HELD 512U

struct serial_client {
    struct link link;
    uint32_t held_length;
    uint8_t held[SERIAL_CLIENT_HELD]; /* written while the link was down */
};

/**
 * Open the link to the serial device `name` of system.yaml (NULL: the first there
 * is). Once, from pd_start(); text may be written from then on.
 *
 * @return QUOLL_OK, or QUOLL_ENOTFOUND if the client has no such device
 */
enum quoll_error serial_client_open(struct serial_client *client, const char *name);

/**
 * Write as much as there is room for.
 *
 * @return bytes taken, 0 to `size`; if fewer than `size`, the client is notified
 *         when there is room again (serial_client_wake() then says true)
 */
size_t serial_write(struct serial_client *client, const void *text, size_t size);

/** Bytes that serial_write() would take now. */
size_t serial_room(struct serial_client *client);

/**
 * Make this the place where quoll_log() writes. A line that finds no room is
 * dropped as a whole and counted in the link's COUNT_DROPPED; logging never waits.
 */
void serial_client_log(struct serial_client *client);

/**
 * Keep the link going: at each wake-up.
 *
 * @return whether `channel` is this device's
 */
bool serial_client_wake(struct serial_client *client, microkit_channel channel);

#endif
