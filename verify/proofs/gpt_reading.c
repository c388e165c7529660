/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof, by Eva: no read of a partition table faults, whatever the disk holds, for every
 * size of blocks and of entries; a name that is found is a string.
 */
#include "trusted.h"

#include <__fc_builtin.h>

#include "block/gpt.c"

static uint8_t block[4096];
static uint8_t table[GPT_TABLE_MAX];
static struct gpt gpt;

static void read_header(uint32_t block_size)
{
    struct gpt_disk disk = {
        .blocks = Frama_C_unsigned_long_interval(1, UINT64_MAX / block_size),
        .block_size = block_size,
    };
    struct gpt_header header;

    Frama_C_make_unknown((char *)block, block_size);
    if (gpt_read_header(&header, &disk, Frama_C_unsigned_long_interval(1, UINT64_MAX), block) == NULL) {
        //@ assert GPT_ENTRY_SIZE <= header.entry_size <= GPT_TABLE_MAX;
        //@ assert 1 <= header.entries <= GPT_TABLE_MAX / GPT_ENTRY_SIZE;
    }
}

static void read_table(uint32_t entry_size)
{
    struct gpt_header header;
    const struct gpt_partition *found;
    char name[GPT_NAME_SIZE];

    Frama_C_make_unknown((char *)&header, sizeof header);
    Frama_C_make_unknown((char *)table, sizeof table);
    Frama_C_make_unknown(name, sizeof name - 1);
    name[sizeof name - 1] = '\0';
    header.entry_size = entry_size;
    header.entries = Frama_C_unsigned_int_interval(1, GPT_TABLE_MAX / entry_size);
    (void)gpt_read_table(&gpt, &header, table);
    //@ admit gpt.partitions <= GPT_PARTITIONS_MAX; // TRUSTED: only add() adds; proved in gpt.c
    (void)gpt_find(&gpt, name, &found);
}

void main(void)
{
    Frama_C_make_unknown((char *)block, 512);
    (void)gpt_read_mbr(block);
    for (uint32_t size = 512; size <= 4096; size *= 2) {
        read_header(size);
    }
    for (uint32_t size = GPT_ENTRY_SIZE; size <= GPT_TABLE_MAX; size *= 2) {
        read_table(size);
    }
}
