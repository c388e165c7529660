/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOLL_LWIP_CHECKSUM_H
#define QUOLL_LWIP_CHECKSUM_H

#include <stdint.h>

/**
 * The Internet checksum's sum, not complemented (RFC 1071): of the 16-bit words of
 * `size` bytes (0 to 65535) at any address, in the order of bytes in memory.
 */
uint16_t quoll_checksum(const void *data, int size);

#endif
