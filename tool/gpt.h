/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The partitions of a disk image: a GUID partition table, read as the block
 * virtualiser will read it, with nothing in it believed before it was checked.
 */
#ifndef TOOL_GPT_H
#define TOOL_GPT_H

#include <stdint.h>

#include "list.h"

#define GPT_BLOCK     512U
#define GPT_NAME_SIZE 37U

struct gpt_partition {
    unsigned number;          /* from 1 */
    char name[GPT_NAME_SIZE]; /* what is not printable ASCII is shown as '?' */
    uint64_t first, last;     /* blocks, both included */
};

struct gpt {
    LIST(struct gpt_partition) partitions;
};

/** @return what is wrong with the image, or NULL */
const char *gpt_read(const char *path, struct gpt *gpt);

#endif
