/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Class serial: bytes.
 *
 *     device <-> driver <--bytes-- tx_virt <--bytes-- client
 *
 * A client's output is shown line by line: the virtualiser begins each line with
 * the client's name in its colour, replaces control characters other than '\n' and
 * '\t' (so no client can move the cursor, ring the bell or speak in another's name),
 * and lets a client keep the line until its '\n' or SERIAL_LINE_MAX bytes. Bytes that
 * find no room wait in the client's queue; none is lost in between.
 */
#ifndef QUOLL_SERIAL_H
#define QUOLL_SERIAL_H

#include <stdint.h>

#include <quoll/queue.h>

#define SERIAL_LINE_MAX 256U

QUEUE_OF(serial_bytes, uint8_t);

/* Queues only run towards the device; the way back is unused and has capacity 1. */

#endif
