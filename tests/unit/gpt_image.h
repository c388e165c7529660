/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk with a GPT in memory, for tests: made whole, then damaged as a test likes. */
#ifndef GPT_IMAGE_H
#define GPT_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "block/gpt.h"

#define IMAGE_BLOCKS 256U
#define IMAGE_ENTRY  128U

struct gpt_image {
    uint8_t *bytes;
    uint32_t block_size;
    uint64_t blocks;
    uint32_t entries;
    uint32_t table_blocks;
};

static inline uint8_t *image_block(const struct gpt_image *image, uint64_t block)
{
    return image->bytes + block * image->block_size;
}

static inline uint64_t image_table(const struct gpt_image *image, bool backup)
{
    return backup ? image->blocks - 1U - image->table_blocks : 2U;
}

static inline uint8_t *image_header(const struct gpt_image *image, bool backup)
{
    return image_block(image, backup ? image->blocks - 1U : 1U);
}

static inline uint8_t *image_entry(const struct gpt_image *image, bool backup, unsigned n)
{
    return image_block(image, image_table(image, backup)) + (size_t)n * IMAGE_ENTRY;
}

static inline void put16(uint8_t *at, uint16_t value)
{
    memcpy(at, &value, sizeof value);
}

static inline void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

static inline void put64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, sizeof value);
}

/* Make the sums fit what is there now. */
static inline void image_seal_header(const struct gpt_image *image, bool backup)
{
    uint8_t *header = image_header(image, backup);
    uint32_t size;

    memcpy(&size, header + 12, sizeof size);
    put32(header + 16, 0);
    put32(header + 16, gpt_crc32(0, header, size <= image->block_size ? size : 92));
}

static inline void image_seal(const struct gpt_image *image)
{
    for (int backup = 0; backup < 2; backup++) {
        put32(image_header(image, backup) + 88,
              gpt_crc32(0, image_entry(image, backup, 0), image->entries * IMAGE_ENTRY));
        image_seal_header(image, backup);
    }
}

/* Set entry n in both tables. */
static inline void image_partition(const struct gpt_image *image, unsigned n, const char *name,
                                   uint64_t first, uint64_t last)
{
    for (int backup = 0; backup < 2; backup++) {
        uint8_t *entry = image_entry(image, backup, n);

        memset(entry, 0, IMAGE_ENTRY);
        memset(entry, 0x11, 32);
        put64(entry + 32, first);
        put64(entry + 40, last);
        for (unsigned i = 0; name[i] != '\0' && i < 36; i++) {
            put16(entry + 56 + 2 * (size_t)i, (uint8_t)name[i]);
        }
    }
    image_seal(image);
}

static inline void image_write_header(const struct gpt_image *image, bool backup)
{
    uint8_t *header = image_header(image, backup);

    memcpy(header, "EFI PART", 8);
    put32(header + 8, 0x00010000);
    put32(header + 12, 92);
    put64(header + 24, backup ? image->blocks - 1U : 1U);
    put64(header + 32, backup ? 1U : image->blocks - 1U);
    put64(header + 40, 2U + image->table_blocks);
    put64(header + 48, image->blocks - 2U - image->table_blocks);
    memset(header + 56, 0x22, 16);
    put64(header + 72, image_table(image, backup));
    put32(header + 80, image->entries);
    put32(header + 84, IMAGE_ENTRY);
}

/* Partitions 'boot', 'site' and 'log' between blocks 40 and 200. */
static inline void image_make(struct gpt_image *image, uint32_t block_size)
{
    *image = (struct gpt_image){.block_size = block_size, .blocks = IMAGE_BLOCKS, .entries = 128};
    image->table_blocks = image->entries * IMAGE_ENTRY / block_size;
    image->bytes = calloc(IMAGE_BLOCKS, block_size);
    image->bytes[446 + 4] = 0xee;
    put32(image->bytes + 446 + 8, 1);
    put32(image->bytes + 446 + 12, IMAGE_BLOCKS - 1U);
    put16(image->bytes + 510, 0xaa55);
    image_write_header(image, false);
    image_write_header(image, true);
    image_partition(image, 0, "boot", 40, 79);
    image_partition(image, 1, "site", 80, 99);
    image_partition(image, 5, "log", 100, 200);
}

static inline void image_free(struct gpt_image *image)
{
    free(image->bytes);
    image->bytes = NULL;
}

#endif
