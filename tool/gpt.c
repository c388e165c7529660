/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Source: UEFI Specification 2.10, 5.2 (protective MBR) and 5.3 (GPT). Both copies of
 * the table must be there and agree: a disk with a damaged one should be repaired
 * before it is put to use. What the virtualiser is stricter in, it is asked about.
 */
#include "gpt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gpt_virtualiser.h"
#include "lib/text.h"

#define HEADER_SIZE      92U
#define ENTRY_SIZE_MIN   128U
#define ENTRY_SIZE_MAX   4096U
#define ENTRIES_MAX      1024U
#define MBR_SIGNATURE    510U
#define MBR_FIRST_RECORD 446U
#define MBR_RECORD_SIZE  16U
#define MBR_PROTECTIVE   0xeeU
#define REVISION_1       0x00010000U

struct header {
    uint64_t my_block, other_block, first_usable, last_usable, entries_block;
    uint32_t entry_count, entry_size, entries_crc;
    uint8_t guid[16];
};

struct image {
    FILE *file;
    uint64_t blocks;
};

static uint64_t little(const uint8_t *bytes, unsigned size)
{
    uint64_t value = 0;

    while (size-- > 0) {
        value = value << 8 | bytes[size];
    }
    return value;
}

static uint32_t crc32(const uint8_t *bytes, size_t size)
{
    uint32_t crc = ~0U;

    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xedb88320U & -(crc & 1U));
        }
    }
    return ~crc;
}

static bool read_blocks(const struct image *image, uint64_t block, uint8_t *to, size_t bytes)
{
    return fseeko(image->file, (off_t)(block * GPT_BLOCK), SEEK_SET) == 0 &&
           fread(to, 1, bytes, image->file) == bytes;
}

static const char *check_mbr(const struct image *image)
{
    uint8_t mbr[GPT_BLOCK];

    if (image->blocks < 3 || !read_blocks(image, 0, mbr, sizeof mbr)) {
        return "it is too small for a partition table";
    }
    if (little(mbr + MBR_SIGNATURE, 2) != 0xaa55U) {
        return "it has no partition table";
    }
    for (unsigned i = 0; i < 4; i++) {
        if (mbr[MBR_FIRST_RECORD + i * MBR_RECORD_SIZE + 4] == MBR_PROTECTIVE) {
            return NULL;
        }
    }
    return "it has no GUID partition table, only an MBR";
}

/* 5.3.2, Table 5.5. */
static const char *decode_header(uint8_t block[GPT_BLOCK], uint64_t at, struct header *h)
{
    uint32_t size = (uint32_t)little(block + 12, 4);
    uint32_t crc = (uint32_t)little(block + 16, 4);

    if (memcmp(block, "EFI PART", 8) != 0) {
        return "has no signature";
    }
    if (little(block + 8, 4) != REVISION_1 || size < HEADER_SIZE || size > GPT_BLOCK) {
        return "has an unknown revision or size";
    }
    memset(block + 16, 0, 4);
    if (crc32(block, size) != crc) {
        return "has a wrong checksum";
    }
    *h = (struct header){
        .my_block = little(block + 24, 8),
        .other_block = little(block + 32, 8),
        .first_usable = little(block + 40, 8),
        .last_usable = little(block + 48, 8),
        .entries_block = little(block + 72, 8),
        .entry_count = (uint32_t)little(block + 80, 4),
        .entry_size = (uint32_t)little(block + 84, 4),
        .entries_crc = (uint32_t)little(block + 88, 4),
    };
    memcpy(h->guid, block + 56, sizeof h->guid);
    return h->my_block == at ? NULL : "is not where it says it is";
}

static uint64_t entries_blocks(const struct header *h)
{
    return ((uint64_t)h->entry_count * h->entry_size + GPT_BLOCK - 1) / GPT_BLOCK;
}

static const char *check_geometry(const struct image *image, const struct header *h)
{
    uint64_t end = h->entries_block + entries_blocks(h);

    if (h->entry_size < ENTRY_SIZE_MIN || h->entry_size > ENTRY_SIZE_MAX ||
        (h->entry_size & (h->entry_size - 1)) != 0 || h->entry_count == 0 ||
        h->entry_count > ENTRIES_MAX) {
        return "has entries of an impossible size or number";
    }
    if (h->first_usable > h->last_usable || h->last_usable >= image->blocks ||
        h->entries_block >= image->blocks || end > image->blocks) {
        return "reaches beyond the end of the disk";
    }
    if (h->entries_block < 2 || (end > h->first_usable && h->entries_block <= h->last_usable)) {
        return "overlaps its own partitions";
    }
    return NULL;
}

/* One copy of the table: its header and, in a new array, its entries. */
static const char *read_copy(const struct image *image, uint64_t at, struct header *h,
                             uint8_t **entries)
{
    uint8_t block[GPT_BLOCK];

    if (!read_blocks(image, at, block, sizeof block)) {
        return "cannot be read";
    }
    const char *problem = decode_header(block, at, h);
    if (problem == NULL) {
        problem = check_geometry(image, h);
    }
    if (problem != NULL) {
        return problem;
    }
    size_t size = (size_t)h->entry_count * h->entry_size;
    *entries = text_alloc(size, 1);
    if (!read_blocks(image, h->entries_block, *entries, size)) {
        return "cannot be read";
    }
    return crc32(*entries, size) == h->entries_crc ? NULL : "has entries with a wrong checksum";
}

static bool copies_agree(const struct header *a, const struct header *b)
{
    return a->other_block == b->my_block && b->other_block == a->my_block &&
           a->first_usable == b->first_usable && a->last_usable == b->last_usable &&
           a->entry_count == b->entry_count && a->entry_size == b->entry_size &&
           a->entries_crc == b->entries_crc && memcmp(a->guid, b->guid, sizeof a->guid) == 0;
}

/* UTF-16LE, of which we show ASCII. */
static void decode_name(const uint8_t *from, char name[GPT_NAME_SIZE])
{
    for (size_t i = 0; i + 1 < GPT_NAME_SIZE; i++) {
        uint64_t unit = little(from + 2 * i, 2);
        name[i] = (char)(unit == 0 || (unit >= 0x20 && unit < 0x7f) ? unit : '?');
        if (unit == 0) {
            return;
        }
    }
}

static const char *take_entry(struct gpt *gpt, const struct header *h, unsigned number,
                              const uint8_t *entry)
{
    static const uint8_t unused[16];
    struct gpt_partition p = {
        .number = number, .first = little(entry + 32, 8), .last = little(entry + 40, 8)};

    if (memcmp(entry, unused, sizeof unused) == 0) {
        return NULL;
    }
    if (p.first > p.last || p.first < h->first_usable || p.last > h->last_usable) {
        return text_format("partition %u lies outside the usable blocks", number);
    }
    LIST_EACH(const struct gpt_partition, other, gpt->partitions)
    {
        if (p.first <= other->last && other->first <= p.last) {
            return text_format("partitions %u and %u overlap", other->number, number);
        }
    }
    decode_name(entry + 56, p.name);
    LIST_ADD(&gpt->partitions, p);
    return NULL;
}

static const char *read_table(const struct image *image, struct gpt *gpt)
{
    struct header first, second;
    uint8_t *entries = NULL, *second_entries = NULL;
    const char *problem = check_mbr(image);

    if (problem != NULL) {
        return problem;
    }
    problem = read_copy(image, 1, &first, &entries);
    if (problem != NULL) {
        return text_format("its partition table %s", problem);
    }
    problem = read_copy(image, image->blocks - 1, &second, &second_entries);
    if (problem != NULL) {
        return text_format("the second copy of its partition table %s", problem);
    }
    if (!copies_agree(&first, &second)) {
        return "the two copies of its partition table differ";
    }
    for (unsigned i = 0; i < first.entry_count && problem == NULL; i++) {
        problem = take_entry(gpt, &first, i + 1, entries + (size_t)i * first.entry_size);
    }
    if (problem == NULL &&
        (problem = gpt_virtualiser_refuses(image->file, image->blocks)) != NULL) {
        problem = text_format("the block virtualiser will refuse it: %s", problem);
    }
    return problem;
}

const char *gpt_read(const char *path, struct gpt *gpt)
{
    struct image image = {.file = fopen(path, "rb")};

    *gpt = (struct gpt){0};
    if (image.file == NULL || fseeko(image.file, 0, SEEK_END) != 0) {
        return strerror(errno);
    }
    image.blocks = (uint64_t)ftello(image.file) / GPT_BLOCK;
    const char *problem = read_table(&image, gpt);
    fclose(image.file);
    return problem;
}
