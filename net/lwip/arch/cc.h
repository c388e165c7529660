/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lwIP asks of its compiler and platform (lwIP's doc/sys_arch.txt).
 */
#ifndef QUOLL_LWIP_CC_H
#define QUOLL_LWIP_CC_H

#include <stdint.h>

#include <quoll/log.h>
#include <quoll/panic.h>

#ifndef BYTE_ORDER /* the C library may define it */
#define BYTE_ORDER LITTLE_ENDIAN
#endif

#define LWIP_PLATFORM_DIAG(arguments) quoll_log arguments
#define LWIP_PLATFORM_ASSERT(text)    quoll_panic("lwIP: %s", text)

uint32_t quoll_lwip_random(void);
#define LWIP_RAND() quoll_lwip_random()

#define LWIP_NO_CTYPE_H 1

#endif
