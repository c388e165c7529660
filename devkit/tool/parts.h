/* SPDX-License-Identifier: BSD-2-Clause */
/* What the loader puts into memory, and the image that carries it. */
#ifndef DEVKIT_PARTS_H
#define DEVKIT_PARTS_H

#include <stddef.h>
#include <stdint.h>

/** `size` bytes at a physical address, the first of them from `bytes`: zeroes at the
 *  end are not carried in the image. All three numbers are multiples of 8. */
void parts_add(uint64_t physical, const void *bytes, uint64_t size);
void parts_add_zeroes(uint64_t physical, uint64_t size);

/** Write the image: loader, table, bytes. Ends the tool if that is not possible. */
void parts_write(const char *path, const char *loader_path, uint64_t entry);

#endif
