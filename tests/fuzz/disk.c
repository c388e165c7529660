/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "fuzz.h"

#include "block/gpt_reader.h"
#include "tests/unit/gpt_image.h"

static struct gpt_image disk;

static void damage(const struct gpt_image *image)
{
    bool backup = fuzz8() % 2U == 0;
    uint8_t *header = image_header(image, backup);
    uint64_t value;

    switch (fuzz8() % 4U) {
    case 0: /* the header's numbers */
        value = fuzz_odd(2, image->blocks);
        memcpy(header + 8 + fuzz_below(21) * 4U, &value, fuzz8() % 2U == 0 ? 4 : 8);
        break;
    case 1: /* where a partition begins or ends */
        value = fuzz_odd(80, image->blocks);
        memcpy(image_entry(image, backup, fuzz_below(8)) + 32 + fuzz_below(2) * 8U, &value, 8);
        break;
    case 2: /* its type or name */
        value = fuzz64();
        memcpy(image_entry(image, backup, fuzz_below(8)) + fuzz_below(15) * 8U, &value, 8);
        break;
    default:
        image->bytes[fuzz16() % (4 * image->block_size)] = fuzz8();
        break;
    }
}

static void seal(const struct gpt_image *image)
{
    for (int backup = 0; backup < 2; backup++) {
        put32(image_header(image, backup) + 88,
              gpt_crc32(0, image_entry(image, backup, 0), image->entries * IMAGE_ENTRY));
        image_seal_header(image, backup);
    }
}

/* With a small table: sums are taken in each run. */
static void make(uint32_t block_size)
{
    image_make(&disk, block_size);
    memset(image_block(&disk, 1), 0, (IMAGE_BLOCKS - 1) * block_size);
    disk.entries = 8;
    disk.table_blocks = (8 * IMAGE_ENTRY + block_size - 1) / block_size;
    image_write_header(&disk, false);
    image_write_header(&disk, true);
    image_partition(&disk, 0, "boot", 40, 79);
    image_partition(&disk, 1, "site", 80, 99);
    image_partition(&disk, 5, "log", 100, 200);
}

const uint8_t *disk_make(bool large, size_t *size)
{
    uint8_t kind = fuzz8();

    image_free(&disk);
    make(large && kind % 8U == 0 ? 4096 : 512);
    for (unsigned n = kind / 2U % 16U; n > 0; n--) {
        damage(&disk);
    }
    if (kind % 4U < 3) {
        seal(&disk);
    }
    *size = disk.blocks * disk.block_size;
    return disk.bytes;
}

uint32_t disk_block_size(void)
{
    return disk.block_size;
}

bool disk_has(const char *name, uint64_t first, uint64_t last)
{
    static uint64_t memory[GPT_READER_MEMORY / 8U];
    static struct gpt_reader reader;
    const struct gpt_partition *found;
    struct gpt_read want;

    gpt_reader_start(&reader, &(struct gpt_disk){disk.blocks, disk.block_size}, 8, memory);
    while (gpt_reader_wants(&reader, &want)) {
        memcpy((uint8_t *)memory + want.offset, image_block(&disk, want.block),
               want.count * disk.block_size);
        gpt_reader_got(&reader, QUOLL_OK);
    }
    return reader.stage == GPT_DONE && gpt_find(&reader.gpt, name, &found) == QUOLL_OK &&
           found->first == first && found->last == last;
}
