/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The listening socket and all connections.
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include <stdbool.h>
#include <stdint.h>

/** Listen. From pd_start(), after lwip_start(). @return false if lwIP has no memory */
bool server_start(uint16_t port);

/** The disk has made progress, or pages are free: those who wait may go on. */
void server_work(void);

#endif
