/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order in which a GPT is read: block 0, the primary header and its table; if
 * one of these two is damaged or unreadable, the backup header in the last block and
 * its table (UEFI 2.10, 5.3.2). A state machine that says what to read next and is
 * told when it has been read; it knows no device, waits for nothing, and ends after
 * at most five pieces, in reads of at most max_count blocks.
 */
#ifndef BLOCK_GPT_READER_H
#define BLOCK_GPT_READER_H

#include "gpt.h"

/* The memory it reads into: a block (MBR, headers), then a table rounded up to blocks. */
#define GPT_TABLE_OFFSET  4096U
#define GPT_READER_MEMORY (GPT_TABLE_OFFSET + GPT_TABLE_MAX + 4096U)

enum gpt_stage {
    GPT_MBR,
    GPT_HEADER,
    GPT_TABLE,
    GPT_BACKUP_HEADER,
    GPT_BACKUP_TABLE,
    GPT_DONE, /* `gpt` is good */
    GPT_FAILED,
};

struct gpt_reader {
    enum gpt_stage stage;
    struct gpt_disk disk;
    uint32_t max_count;
    const uint8_t *memory;
    uint64_t block; /* of the present piece, what is still to be read */
    uint32_t left;
    uint32_t offset;
    struct gpt_header header;
    struct gpt gpt;
    const char *primary; /* NULL, or what is wrong with the primary header or table */
    const char *backup;
    enum quoll_error error; /* GPT_FAILED: why */
};

/* A read that the reader wants: `count` blocks from `block` on, to memory + offset. */
struct gpt_read {
    uint64_t block;
    uint32_t count;
    uint32_t offset;
};

/**
 * Begin. The disk's geometry must make sense (block.h); `memory` is
 * GPT_READER_MEMORY bytes, aligned to 8.
 */
void gpt_reader_start(struct gpt_reader *reader, const struct gpt_disk *disk, uint32_t max_count,
                      const void *memory);

/** What to read next; false when it is done or has failed. */
bool gpt_reader_wants(const struct gpt_reader *reader, struct gpt_read *read);

/** The read wanted last has ended, with this status. */
void gpt_reader_got(struct gpt_reader *reader, enum quoll_error status);

#endif
