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
#include "disk.h"

#define MOST 100000U

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

static void read_table(const uint8_t *bytes, size_t size, struct gpt_disk disk, uint32_t max_count)
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
            uint64_t at = (want.block + i) * disk.block_size;

            memcpy(memory + want.offset + i * disk.block_size,
                   bytes + (want.block + i < size / disk.block_size ? at : 0), disk.block_size);
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
    fuzz_begin(data, size);
    bool lies = fuzz8() >= 192; /* about how large it is */
    uint32_t max_count = 1U + fuzz_below(64);
    const uint8_t *bytes = disk_make(true, &size);
    struct gpt_disk disk = {.blocks = size / disk_block_size(), .block_size = disk_block_size()};

    if (lies) {
        disk.blocks = 1U + fuzz_odd(0, disk.blocks);
        disk.blocks += disk.blocks == 0;
    }
    read_table(bytes, size, disk, max_count);
    return 0;
}
