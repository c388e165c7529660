/* SPDX-License-Identifier: BSD-2-Clause */
/* Physical memory: who has what. */
#ifndef DEVKIT_MEMORY_H
#define DEVKIT_MEMORY_H

#include "description.h"

/** Reserve what the kernel and the image have, then what the description fixes, then
 *  find a place for every other region. */
void memory_place_regions(struct description *d);

/** A free place for `size` bytes, contiguous; ends the tool if there is none. */
uint64_t memory_take(uint64_t size, uint64_t alignment, const char *what);

/** Whether a region is memory that must be zeroed, and not a device. */
bool memory_is_ram(uint64_t physical);

#endif
