/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions, and where protection domains see them: from REGIONS_START up, each
 * mapping followed by an unmapped page.
 */
#ifndef TOOL_SPACE_H
#define TOOL_SPACE_H

#include "model.h"

/** A new region of the system; `size` is whole pages. Large pages where they fit. */
struct region *space_region(struct system *system, const char *name, enum region_kind kind,
                            uint64_t size);

/** Map a region, once however often it is asked for. @return its address */
uint64_t space_map(struct pd *pd, struct region *region, bool writable);

/** Addresses for `size` bytes and the guard after them. */
uint64_t space_reserve(struct pd *pd, uint64_t size, uint64_t alignment);

/** Map a region at an address got by space_reserve(). */
void space_map_at(struct pd *pd, struct region *region, bool writable, uint64_t vaddr);

/** Tell the protection domain the region's I/O address. @return the index into quoll_io */
uint32_t space_io(struct pd *pd, struct region *region);

/** Give a driver its device: registers, interrupts, DMA memory. */
void space_give_device(struct system *system, struct pd *driver);

#endif
