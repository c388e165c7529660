/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOLL_LWIP_HOOKS_H
#define QUOLL_LWIP_HOOKS_H

#include "lwip/ip_addr.h"

/** RFC 6528, section 3: a clock plus a keyed hash of the connection's ends. */
u32_t quoll_lwip_first_sequence(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote,
                                u16_t remote_port);

#endif
