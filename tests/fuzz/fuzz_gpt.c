/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block virtualiser's reader of partition tables, with a disk that has a good one and
 * then anything written over it, with sums put right or not: it ends after few reads,
 * all of them on the disk and into its own memory, and the partitions that it finds lie
 * on the disk, apart.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "block/gpt_reader.h"
#include "tests/unit/gpt_image.h"

#define MOST 100000U

/* Now and then, what the disk says changes between two reads of it. */
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

static void check_found(const struct gpt *gpt, const struct gpt_disk *disk)
{
    const struct gpt_partition *found;

    FUZZ_CHECK(gpt->partitions <= GPT_PARTITIONS_MAX);
    for (uint32_t i = 0; i < gpt->partitions; i++) {
        const struct gpt_partition *p = &gpt->partition[i];

        FUZZ_CHECK(p->first > GPT_PRIMARY && p->first <= p->last && p->last < disk->blocks - 1);
        FUZZ_CHECK(memchr(p->name, '\0', sizeof p->name) != NULL);
        for (uint32_t k = 0; k < i; k++) {
            FUZZ_CHECK(p->last < gpt->partition[k].first || gpt->partition[k].last < p->first);
        }
        enum quoll_error error = gpt_find(gpt, p->name, &found);

        FUZZ_CHECK((error == QUOLL_OK) == (found != NULL));
        FUZZ_CHECK(found == NULL || strcmp(found->name, p->name) == 0);
    }
}

static void read_table(const struct gpt_image *image, struct gpt_disk disk, uint32_t max_count)
{
    uint8_t *memory = calloc(1, GPT_READER_MEMORY);
    static struct gpt_reader reader;
    struct gpt_read want;
    unsigned reads = 0;

    gpt_reader_start(&reader, &disk, max_count, memory);
    while (gpt_reader_wants(&reader, &want)) {
        FUZZ_CHECK(reads++ < 3 + 2 * (GPT_TABLE_MAX / 512U + 1));
        FUZZ_CHECK(want.count >= 1 && want.count <= max_count);
        FUZZ_CHECK(want.block < disk.blocks && want.count <= disk.blocks - want.block);
        FUZZ_CHECK(want.offset + want.count * disk.block_size <= GPT_READER_MEMORY);
        for (uint32_t i = 0; i < want.count; i++) {
            bool there = want.block + i < image->blocks;

            memcpy(memory + want.offset + i * disk.block_size,
                   image_block(image, there ? want.block + i : 0), disk.block_size);
        }
        enum quoll_error status = fuzz8() == 255 ? QUOLL_EIO : QUOLL_OK;

        fuzz_run(MOST, gpt_reader_got(&reader, status));
    }
    FUZZ_CHECK(reader.stage == GPT_DONE || (reader.primary != NULL && reader.error != QUOLL_OK));
    if (reader.stage == GPT_DONE) {
        check_found(&reader.gpt, &disk);
    }
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gpt_image image;

    fuzz_begin(data, size);
    uint8_t kind = fuzz8();
    uint32_t max_count = 1U + fuzz_below(64);

    image_make(&image, kind % 8U != 0 ? 512 : 4096);
    struct gpt_disk disk = {.blocks = image.blocks, .block_size = image.block_size};

    if (kind >= 192) {
        disk.blocks = 1U + fuzz_odd(0, image.blocks);
        disk.blocks += disk.blocks == 0;
    }
    for (unsigned n = kind / 2U % 16U; n > 0; n--) {
        damage(&image);
    }
    if (kind % 4U < 3) {
        seal(&image);
    }
    read_table(&image, disk, max_count);
    image_free(&image);
    return 0;
}
