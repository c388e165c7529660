/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition tables: GPT (UEFI 2.10, section 5.3), as hostile input.
 *
 * The table comes from the disk and lies in memory that the device can write at any
 * time. So each byte is read once, into a private copy, and only what was checked
 * in the copy is kept. These functions are pure: they know no disk and no device.
 *
 * Those that can fail answer NULL, or what is wrong in a few words for the log.
 */
#ifndef BLOCK_GPT_H
#define BLOCK_GPT_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/error.h>

#define GPT_PRIMARY        1U     /* block of the primary header */
#define GPT_TABLE_MAX      32768U /* bytes of the array of entries; usual are 16384 */
#define GPT_PARTITIONS_MAX 64U    /* used ones */
#define GPT_NAME_SIZE      37U    /* 36 characters and a NUL */

struct gpt_disk {
    uint64_t blocks;
    uint32_t block_size; /* 512 to 4096, a power of two */
};

/* Of a header, what is needed on; all of it checked. */
struct gpt_header {
    uint64_t first_usable;
    uint64_t last_usable;
    uint64_t table; /* first block of the array of entries */
    uint32_t table_blocks;
    uint32_t entries;
    uint32_t entry_size;
    uint32_t table_crc;
};

struct gpt_partition {
    uint64_t first;
    uint64_t last; /* inclusive */
    bool foreign;  /* the name is not plain ASCII: shown with '?', matches nothing */
    char name[GPT_NAME_SIZE];
};

struct gpt {
    uint32_t partitions;
    struct gpt_partition partition[GPT_PARTITIONS_MAX];
};

/** Block 0 must protect the GPT from tools that know only MBRs (5.2.3). */
const char *gpt_read_mbr(const void *block);

/** The header found at block `lba`: GPT_PRIMARY, or the disk's last for the backup. */
const char *gpt_read_header(struct gpt_header *header, const struct gpt_disk *disk, uint64_t lba,
                            const void *block);

/** The array of entries, header->table_blocks blocks, that belongs to a good header. */
const char *gpt_read_table(struct gpt *gpt, const struct gpt_header *header, const void *table);

/**
 * The partition of that name.
 *
 * @return QUOLL_OK, QUOLL_ENOTFOUND, or QUOLL_ECORRUPT if two have the name
 */
enum quoll_error gpt_find(const struct gpt *gpt, const char *name,
                          const struct gpt_partition **found);

/** The CRC-32 that GPT uses (5.3.2: CCITT32, as in Ethernet), continued from `crc`; 0 first. */
uint32_t gpt_crc32(uint32_t crc, const void *bytes, uint32_t length);

#endif
