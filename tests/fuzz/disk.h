/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk with a good partition table, over which the input then writes anything. */
#ifndef FUZZ_DISK_H
#define FUZZ_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Make it, of blocks of 512 (or, sometimes, if `large`, of 4096) bytes; good until the next call.
 */
const uint8_t *disk_make(bool large, size_t *size);
uint32_t disk_block_size(void);

/** Whether the block virtualiser finds this partition on it. */
bool disk_has(const char *name, uint64_t first, uint64_t last);

#endif
