/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The web server's reader of its site, with any bytes as a partition: it goes forward
 * within the partition, ends, and each file that it names lies in the partition and is
 * found by its path. Sums are put right, where the input's first byte says so, or nothing
 * else would ever be read.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#pragma clang section bss = "zeroed"
#include "examples/webserver/site.c"
#pragma clang section bss = ""

static struct site site;

static void seal(struct header *h)
{
    unsigned sum = 0;

    memset(h->checksum, ' ', sizeof h->checksum);
    for (size_t i = 0; i < sizeof *h; i++) {
        sum += ((unsigned char *)h)[i];
    }
    snprintf(h->checksum, sizeof h->checksum, "%06o", sum);
}

static void check_files(uint64_t size)
{
    FUZZ_CHECK(site.files <= SITE_FILES_MAX && site.names_length <= SITE_NAMES_MAX);
    for (uint32_t i = 0; i < site.files; i++) {
        const struct site_file *file = &site.file[i];
        const char *name = site.names + file->name;

        FUZZ_CHECK(file->offset <= size && file->size <= size - file->offset);
        FUZZ_CHECK(file->name + file->name_length <= site.names_length);
        FUZZ_CHECK(file->name_length > 0 && file->name_length <= SITE_PATH_MAX);
        FUZZ_CHECK(site_find(&site, name, file->name_length) == file);
        for (uint32_t c = 0; c < file->name_length; c++) {
            FUZZ_CHECK((unsigned char)name[c] >= ' ');
        }
    }
}

/* The input's blocks are shorter than the partition's: the rest of each is zero. */
#define PIECE 160U

static uint8_t *make_partition(const uint8_t *data, size_t size, uint64_t *partition_size)
{
    size_t blocks = (size + PIECE - 1) / PIECE;
    uint8_t *partition = calloc(blocks + 2, SITE_BLOCK);

    for (size_t i = 0; i < blocks; i++) {
        size_t left = size - i * PIECE;
        uint8_t *block = partition + i * SITE_BLOCK;

        memcpy(block, data + i * PIECE, left < 100 ? left : 100); /* the name, */
        if (left > 100) { /* and mode to link name: the rest of what is looked at */
            memcpy(block + 124, data + i * PIECE + 100, left - 100 < 33 ? left - 100 : 33);
        }
        if (left > 133) {
            memcpy(block + 345, data + i * PIECE + 133, left - 133 < 27 ? left - 133 : 27);
        }
        memcpy(block + 257,
               "ustar\0"
               "00",
               8);
        seal((struct header *)block);
    }
    *partition_size = (blocks + 2) * SITE_BLOCK;
    return partition;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t partition_size = size, at, last = 0;
    uint8_t *partition;

    fuzz_begin(data, size);
    if (fuzz8() % 2U == 0) {
        data = fuzz_rest(&size);
        partition = make_partition(data, size, &partition_size);
    } else {
        partition = malloc(size == 0 ? 1 : size);
        memcpy(partition, data, size);
    }
    site_begin(&site, partition_size);
    while (site_wants(&site, &at)) {
        FUZZ_CHECK(at == 0 || at > last);
        FUZZ_CHECK(at % SITE_BLOCK == 0 && at + SITE_BLOCK <= partition_size);
        site_take(&site, partition + at);
        last = at;
    }
    FUZZ_CHECK(site.error != NULL || site.complete);
    if (site.error == NULL) {
        check_files(partition_size);
    }
    free(partition);
    return 0;
}
