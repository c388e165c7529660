/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Class serial: bytes.
 *
 *     device <-> driver <--bytes-- tx_virt <--bytes-- client
 *
 * A client's output is shown line by line, each begun with the client's name in its
 * colour and ended with "\r\n". Of its bytes, '\n' ends the line, and '\t' and the
 * printable ASCII characters (0x20 to 0x7e) are shown; each other byte appears as '?'
 * and counts as refused. So no client can move the cursor, ring the bell or speak in
 * another's name, in whatever encoding the terminal is set to.
 *
 * Clients that have something to say take turns by line. A line ends at its '\n' or
 * after SERIAL_LINE_MAX bytes; what follows is a further line. An unfinished line is
 * shown at once and goes on when its client does, unless another client has spoken
 * meanwhile. Bytes that find no room wait in the client's queue; none is lost in
 * between, but for those in a queue whose reader dies.
 */
#ifndef QUOLL_SERIAL_H
#define QUOLL_SERIAL_H

#include <stdint.h>

#include <quoll/queue_entries.h>

#define SERIAL_LINE_MAX 256U

QUEUE_OF(serial_bytes, uint8_t);

/* Queues only run towards the device; the way back is unused and has capacity 1. */

#endif
