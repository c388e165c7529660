/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "gpt_reader.h"

/* MBR, header and a table of a block at both ends, and a block for data. */
#define GPT_LEAST_BLOCKS 6U

static void want(struct gpt_reader *reader, enum gpt_stage stage, uint64_t block, uint32_t count,
                 uint32_t offset)
{
    reader->stage = stage;
    reader->block = block;
    reader->left = count;
    reader->offset = offset;
}

static void fail(struct gpt_reader *reader, enum quoll_error error)
{
    reader->stage = GPT_FAILED;
    reader->error = error;
}

void gpt_reader_start(struct gpt_reader *reader, const struct gpt_disk *disk, uint32_t max_count,
                      const void *memory)
{
    memset(reader, 0, sizeof *reader);
    reader->disk = *disk;
    reader->max_count = max_count;
    reader->memory = memory;
    want(reader, GPT_MBR, 0, 1, 0);
    if (disk->blocks < GPT_LEAST_BLOCKS) {
        reader->primary = "the disk is too small for a GPT";
        fail(reader, QUOLL_ECORRUPT);
    }
}

bool gpt_reader_wants(const struct gpt_reader *reader, struct gpt_read *read)
{
    if (reader->stage >= GPT_DONE) {
        return false;
    }
    *read = (struct gpt_read){
        .block = reader->block,
        .count = reader->left < reader->max_count ? reader->left : reader->max_count,
        .offset = reader->offset,
    };
    return true;
}

static uint64_t last_block(const struct gpt_reader *reader)
{
    return reader->disk.blocks - 1U;
}

/* A damaged primary: remember why, and look at the backup. */
static void try_backup(struct gpt_reader *reader, const char *wrong)
{
    reader->primary = wrong;
    want(reader, GPT_BACKUP_HEADER, last_block(reader), 1, 0);
}

static void give_up(struct gpt_reader *reader, const char *wrong, enum quoll_error error)
{
    reader->backup = wrong;
    fail(reader, error);
}

static void got_mbr(struct gpt_reader *reader)
{
    reader->primary = gpt_read_mbr(reader->memory);
    if (reader->primary != NULL) {
        /* Perhaps somebody else's disk, with an old backup left at its end: not ours to guess. */
        fail(reader, QUOLL_ECORRUPT);
        return;
    }
    want(reader, GPT_HEADER, GPT_PRIMARY, 1, 0);
}

static void got_header(struct gpt_reader *reader, bool backup)
{
    const char *wrong = gpt_read_header(&reader->header, &reader->disk,
                                        backup ? last_block(reader) : GPT_PRIMARY, reader->memory);

    if (wrong == NULL) {
        want(reader, backup ? GPT_BACKUP_TABLE : GPT_TABLE, reader->header.table,
             reader->header.table_blocks, GPT_TABLE_OFFSET);
    } else if (backup) {
        give_up(reader, wrong, QUOLL_ECORRUPT);
    } else {
        try_backup(reader, wrong);
    }
}

static void got_table(struct gpt_reader *reader, bool backup)
{
    const char *wrong =
        gpt_read_table(&reader->gpt, &reader->header, reader->memory + GPT_TABLE_OFFSET);

    if (wrong == NULL) {
        reader->stage = GPT_DONE;
    } else if (backup) {
        give_up(reader, wrong, QUOLL_ECORRUPT);
    } else {
        try_backup(reader, wrong);
    }
}

static void got_error(struct gpt_reader *reader, enum quoll_error status)
{
    switch (reader->stage) {
    case GPT_MBR:
        reader->primary = "block 0 cannot be read";
        fail(reader, status);
        break;
    case GPT_HEADER:
    case GPT_TABLE:
        try_backup(reader, "cannot be read");
        break;
    default:
        give_up(reader, "cannot be read", status);
        break;
    }
}

static void got_piece(struct gpt_reader *reader)
{
    switch (reader->stage) {
    case GPT_MBR:
        got_mbr(reader);
        break;
    case GPT_HEADER:
    case GPT_BACKUP_HEADER:
        got_header(reader, reader->stage == GPT_BACKUP_HEADER);
        break;
    case GPT_TABLE:
    case GPT_BACKUP_TABLE:
        got_table(reader, reader->stage == GPT_BACKUP_TABLE);
        break;
    default:
        break;
    }
}

void gpt_reader_got(struct gpt_reader *reader, enum quoll_error status)
{
    struct gpt_read read;

    if (!gpt_reader_wants(reader, &read)) {
        return;
    }
    if (status != QUOLL_OK) {
        got_error(reader, status);
        return;
    }
    reader->block += read.count;
    reader->left -= read.count;
    reader->offset += read.count * reader->disk.block_size;
    if (reader->left == 0) {
        got_piece(reader);
    }
}
