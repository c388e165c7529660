/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include <quoll/queue_entries.h>

#include "gpt.h"

#define MBR_RECORDS      446U
#define MBR_RECORD_COUNT 4U
#define MBR_SIGNATURE    510U
#define MBR_PROTECTIVE   0xeeU
#define GPT_SIGNATURE    "EFI PART"
#define GPT_REVISION     0x00010000U
#define GPT_HEADER_SIZE  92U
#define GPT_ENTRY_SIZE   128U
#define GPT_NAME_LENGTH  36U

/* Table 5.5; little-endian, as all our machines are. */
struct raw_header {
    char signature[8];
    uint32_t revision;
    uint32_t header_size;
    uint32_t header_crc;
    uint32_t reserved;
    uint64_t my_lba;
    uint64_t alternate_lba;
    uint64_t first_usable;
    uint64_t last_usable;
    uint8_t disk_guid[16];
    uint64_t table;
    uint32_t entries;
    uint32_t entry_size;
    uint32_t table_crc;
};
static_assert(offsetof(struct raw_header, table_crc) + 4 == GPT_HEADER_SIZE, "UEFI 2.10, 5.3.2");

/* Table 5.6. */
struct raw_entry {
    uint64_t type[2]; /* GUID; all zero: unused */
    uint64_t guid[2];
    uint64_t first;
    uint64_t last;
    uint64_t attributes;
    uint16_t name[GPT_NAME_LENGTH];
};
static_assert(sizeof(struct raw_entry) == GPT_ENTRY_SIZE, "UEFI 2.10, 5.3.3");

/* Table 5.1. */
struct raw_mbr_record {
    uint8_t boot;
    uint8_t first_chs[3];
    uint8_t type;
    uint8_t last_chs[3];
    uint8_t first[4];
    uint8_t blocks[4];
};
static_assert(sizeof(struct raw_mbr_record) == 16, "UEFI 2.10, 5.2.1");

/* Reflected polynomial 0xedb88320, four bits at a time. */
uint32_t gpt_crc32(uint32_t crc, const void *bytes, uint32_t length)
{
    static const uint32_t of_nibble[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    const uint8_t *at = bytes;

    crc = ~crc;
    for (uint32_t i = 0; i < length; i++) {
        crc ^= at[i];
        crc = (crc >> 4) ^ of_nibble[crc & 15U];
        crc = (crc >> 4) ^ of_nibble[crc & 15U];
    }
    return ~crc;
}

const char *gpt_read_mbr(const void *block)
{
    const uint8_t *bytes = block;

    if (bytes[MBR_SIGNATURE] != 0x55 || bytes[MBR_SIGNATURE + 1] != 0xaa) {
        return "no partition table (block 0 has no signature)";
    }
    for (uint32_t i = 0; i < MBR_RECORD_COUNT; i++) {
        struct raw_mbr_record record;

        queue_copy_in(&record, (const struct raw_mbr_record *)(bytes + MBR_RECORDS) + i);
        if (record.type == MBR_PROTECTIVE && record.first[0] == GPT_PRIMARY &&
            record.first[1] == 0 && record.first[2] == 0 && record.first[3] == 0) {
            return NULL;
        }
    }
    return "not a GPT disk (block 0 is no protective MBR)";
}

/* The sum covers header_size bytes, with its own four taken as zero. */
static bool header_sum_matches(const struct raw_header *raw, const uint8_t *block)
{
    struct raw_header without = *raw;

    without.header_crc = 0;
    uint32_t crc = gpt_crc32(0, &without, GPT_HEADER_SIZE);
    return gpt_crc32(crc, block + GPT_HEADER_SIZE, raw->header_size - GPT_HEADER_SIZE) ==
           raw->header_crc;
}

/* Each comparison is written so that nothing can overflow, whatever the disk says. */
static const char *check_layout(const struct raw_header *raw, const struct gpt_disk *disk,
                                uint64_t lba, uint32_t table_blocks)
{
    if (raw->first_usable <= GPT_PRIMARY || raw->first_usable > raw->last_usable) {
        return "usable blocks make no sense";
    }
    if (raw->last_usable >= disk->blocks - 1U) {
        return "usable blocks reach beyond the disk's end";
    }
    uint64_t from = lba == GPT_PRIMARY ? GPT_PRIMARY + 1U : raw->last_usable + 1U;
    uint64_t to = lba == GPT_PRIMARY ? raw->first_usable : lba; /* from <= to, as checked */

    if (raw->table < from || raw->table > to || table_blocks > to - raw->table) {
        return "table of partitions lies in the wrong place";
    }
    return NULL;
}

static bool entry_size_allowed(uint32_t size)
{
    return size >= GPT_ENTRY_SIZE && size <= GPT_TABLE_MAX && (size & (size - 1U)) == 0;
}

const char *gpt_read_header(struct gpt_header *header, const struct gpt_disk *disk, uint64_t lba,
                            const void *block)
{
    struct raw_header raw;

    queue_copy_in(&raw, (const struct raw_header *)block);
    if (memcmp(raw.signature, GPT_SIGNATURE, sizeof raw.signature) != 0) {
        return "no signature";
    }
    if (raw.revision != GPT_REVISION) {
        return "unknown revision";
    }
    if (raw.header_size < GPT_HEADER_SIZE || raw.header_size > disk->block_size) {
        return "impossible header size";
    }
    if (!header_sum_matches(&raw, block)) {
        return "wrong checksum of the header";
    }
    if (raw.my_lba != lba) {
        return "header says that it belongs elsewhere";
    }
    if (raw.reserved != 0) {
        return "reserved field is not zero";
    }
    if (!entry_size_allowed(raw.entry_size)) {
        return "impossible size of an entry";
    }
    if (raw.entries == 0 || raw.entries > GPT_TABLE_MAX / raw.entry_size) {
        return "impossible number of entries";
    }
    uint32_t bytes = raw.entries * raw.entry_size;
    uint32_t blocks = (bytes + disk->block_size - 1U) / disk->block_size;

    *header = (struct gpt_header){
        .first_usable = raw.first_usable,
        .last_usable = raw.last_usable,
        .table = raw.table,
        .table_blocks = blocks,
        .entries = raw.entries,
        .entry_size = raw.entry_size,
        .table_crc = raw.table_crc,
    };
    return check_layout(&raw, disk, lba, blocks);
}

/* UTF-16 to ASCII, up to the first NUL. */
static void read_name(struct gpt_partition *partition, const uint16_t *name)
{
    /*@ loop invariant i <= GPT_NAME_LENGTH;
        loop assigns i, partition->foreign, partition->name[0 .. GPT_NAME_LENGTH - 1];
        loop variant GPT_NAME_LENGTH - i; */
    for (uint32_t i = 0; i < GPT_NAME_LENGTH && name[i] != 0; i++) {
        bool plain = name[i] >= ' ' && name[i] <= '~';

        partition->foreign = partition->foreign || !plain;
        partition->name[i] = plain ? (char)name[i] : '?';
    }
}

/*@ predicate apart(struct gpt *gpt, integer k, integer first, integer last) =
        last < gpt->partition[k].first || gpt->partition[k].last < first; */
static bool overlaps(const struct gpt *gpt, uint64_t first, uint64_t last)
{
    /*@ loop invariant i <= gpt->partitions;
        loop invariant \forall integer k; 0 <= k < i ==> apart(gpt, k, first, last);
        loop assigns i;
        loop variant gpt->partitions - i; */
    for (uint32_t i = 0; i < gpt->partitions; i++) {
        if (first <= gpt->partition[i].last && gpt->partition[i].first <= last) {
            return true;
        }
    }
    return false;
}

static void keep(struct gpt *gpt, const struct raw_entry *entry)
{
    struct gpt_partition *partition = &gpt->partition[gpt->partitions];

    *partition = (struct gpt_partition){0};
    read_name(partition, entry->name);
    partition->first = entry->first;
    partition->last = entry->last;
    gpt->partitions += 1;
}

static const char *add(struct gpt *gpt, const struct gpt_header *header,
                       const struct raw_entry *entry)
{
    if ((entry->type[0] | entry->type[1]) == 0) {
        return NULL;
    }
    if (gpt->partitions >= GPT_PARTITIONS_MAX) {
        return "more partitions than supported";
    }
    if (entry->first > entry->last || entry->first < header->first_usable ||
        entry->last > header->last_usable) {
        return "a partition lies outside of the usable blocks";
    }
    if (overlaps(gpt, entry->first, entry->last)) {
        return "partitions overlap";
    }
    keep(gpt, entry);
    return NULL;
}

const char *gpt_read_table(struct gpt *gpt, const struct gpt_header *header, const void *table)
{
    const char *wrong = NULL;
    uint32_t crc = 0;

    gpt->partitions = 0;
    for (uint32_t i = 0; i < header->entries; i++) {
        const uint8_t *at = (const uint8_t *)table + (size_t)i * header->entry_size;
        struct raw_entry entry;

        queue_copy_in(&entry, (const struct raw_entry *)(const void *)at);
        crc = gpt_crc32(crc, &entry, sizeof entry);
        crc = gpt_crc32(crc, at + sizeof entry, header->entry_size - (uint32_t)sizeof entry);
        wrong = wrong == NULL ? add(gpt, header, &entry) : wrong;
    }
    if (crc != header->table_crc) {
        wrong = "wrong checksum of the table of partitions";
    }
    gpt->partitions = wrong == NULL ? gpt->partitions : 0;
    return wrong;
}

enum quoll_error gpt_find(const struct gpt *gpt, const char *name,
                          const struct gpt_partition **found)
{
    *found = NULL;
    for (uint32_t i = 0; i < gpt->partitions; i++) {
        const struct gpt_partition *partition = &gpt->partition[i];

        if (partition->foreign || name[0] == '\0' || strcmp(partition->name, name) != 0) {
            continue;
        }
        if (*found != NULL) {
            *found = NULL;
            return QUOLL_ECORRUPT;
        }
        *found = partition;
    }
    return *found != NULL ? QUOLL_OK : QUOLL_ENOTFOUND;
}
