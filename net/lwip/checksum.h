/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOLL_LWIP_CHECKSUM_H
#define QUOLL_LWIP_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/**
 * The Internet checksum's sum, not complemented (RFC 1071): of the 16-bit words of
 * `size` bytes (0 to 65535) at any address, in the order of bytes in memory.
 */
uint16_t quoll_checksum(const void *data, int size);

/** The same, of what is copied. The two do not overlap. */
uint16_t quoll_copy_checksum(void *to, const void *from, size_t size);

#endif
