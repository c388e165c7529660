/* SPDX-License-Identifier: BSD-2-Clause */
#define _XOPEN_SOURCE 700 /* mkstemp, pread */
#include <stdio.h>
#include <unistd.h>

#include "block/gpt_reader.h"
#include "fake_pd.h"
#include "gpt_image.h"

static struct gpt_image image;
static uint8_t *memory;
static struct gpt_reader reader;
static uint64_t bad_block; /* cannot be read */
static unsigned reads;

static int set_up(void **state)
{
    (void)state;
    image_make(&image, 512);
    memory = calloc(1, GPT_READER_MEMORY);
    bad_block = UINT64_MAX;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    image_free(&image);
    free(memory);
    return 0;
}

/* Play the disk. Memory that the reader must not look at any more is overwritten. */
static void read_disk(uint32_t max_count)
{
    struct gpt_disk disk = {.blocks = image.blocks, .block_size = image.block_size};
    struct gpt_read read;

    gpt_reader_start(&reader, &disk, max_count, memory);
    for (reads = 0; gpt_reader_wants(&reader, &read); reads++) {
        assert_in_range(reads, 0, 1000);
        assert_in_range(read.count, 1, max_count);
        assert_true(read.block < image.blocks && read.count <= image.blocks - read.block);
        assert_true(read.offset + (uint64_t)read.count * image.block_size <= GPT_READER_MEMORY);
        memcpy(memory + read.offset, image_block(&image, read.block),
               (size_t)read.count * image.block_size);
        bool bad = bad_block - read.block < read.count;
        gpt_reader_got(&reader, bad ? QUOLL_EIO : QUOLL_OK);
    }
    memset(memory, 0xff, GPT_READER_MEMORY);
}

static void expect_good(const char *primary)
{
    const struct gpt_partition *site;

    read_disk(8);
    assert_int_equal(reader.stage, GPT_DONE);
    if (primary == NULL) {
        assert_null(reader.primary);
    } else {
        assert_string_equal(reader.primary, primary);
    }
    assert_int_equal(reader.gpt.partitions, 3);
    assert_int_equal(gpt_find(&reader.gpt, "site", &site), QUOLL_OK);
    assert_int_equal(site->first, 80);
    assert_int_equal(site->last, 99);
}

static void expect_bad(const char *primary, const char *backup)
{
    read_disk(8);
    assert_int_equal(reader.stage, GPT_FAILED);
    assert_int_equal(reader.error, QUOLL_ECORRUPT);
    assert_string_equal(reader.primary, primary);
    assert_int_equal(reader.gpt.partitions, 0);
    if (backup == NULL) {
        assert_null(reader.backup);
    } else {
        assert_string_equal(reader.backup, backup);
    }
}

static void a_good_disk_is_read(void **state)
{
    const struct gpt_partition *found;

    (void)state;
    expect_good(NULL);
    assert_int_equal(gpt_find(&reader.gpt, "log", &found), QUOLL_OK);
    assert_int_equal(found->first, 100);
    assert_int_equal(found->last, 200);
    assert_int_equal(gpt_find(&reader.gpt, "lo", &found), QUOLL_ENOTFOUND);
    assert_null(found);
    assert_int_equal(gpt_find(&reader.gpt, "logs", &found), QUOLL_ENOTFOUND);
    assert_int_equal(gpt_find(&reader.gpt, "", &found), QUOLL_ENOTFOUND);
}

static void every_block_size_and_piece_size_will_do(void **state)
{
    (void)state;
    for (uint32_t size = 512; size <= 4096; size *= 2) {
        image_free(&image);
        image_make(&image, size);
        for (uint32_t max_count = 1; max_count <= 64; max_count *= 2) {
            read_disk(max_count);
            assert_int_equal(reader.stage, GPT_DONE);
            assert_int_equal(reader.gpt.partitions, 3);
            assert_int_equal(reads, 2 + (image.table_blocks + max_count - 1) / max_count);
        }
    }
}

static void the_checksum_is_that_of_ethernet(void **state)
{
    (void)state;
    assert_int_equal(gpt_crc32(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(gpt_crc32(gpt_crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
}

/* What is changed in a header, sealed again, and what the parser says. */
static const struct damage {
    unsigned offset;
    unsigned width;
    uint64_t value;
    const char *says; /* of the primary */
} damages[] = {
    {0, 1, 'e', "no signature"},
    {8, 4, 0x00010001, "unknown revision"},
    {8, 4, 0, "unknown revision"},
    {12, 4, 91, "impossible header size"},
    {12, 4, 0, "impossible header size"},
    {12, 4, 513, "impossible header size"},
    {12, 4, UINT32_MAX, "impossible header size"},
    {20, 4, 1, "reserved field is not zero"},
    {24, 8, 0, "header says that it belongs elsewhere"},
    {24, 8, 2, "header says that it belongs elsewhere"},
    {24, 8, UINT64_MAX, "header says that it belongs elsewhere"},
    {40, 8, 0, "usable blocks make no sense"},
    {40, 8, 1, "usable blocks make no sense"},
    {40, 8, 223, "usable blocks make no sense"},
    {40, 8, UINT64_MAX, "usable blocks make no sense"},
    {48, 8, 33, "usable blocks make no sense"},
    {48, 8, 255, "usable blocks reach beyond the disk's end"},
    {48, 8, UINT64_MAX, "usable blocks reach beyond the disk's end"},
    {72, 8, 0, "table of partitions lies in the wrong place"},
    {72, 8, 1, "table of partitions lies in the wrong place"},
    {72, 8, 3, "table of partitions lies in the wrong place"},
    {72, 8, 34, "table of partitions lies in the wrong place"},
    {72, 8, 35, "table of partitions lies in the wrong place"},
    {72, 8, UINT64_MAX, "table of partitions lies in the wrong place"},
    {72, 8, UINT64_MAX - 30, "table of partitions lies in the wrong place"},
    {80, 4, 0, "impossible number of entries"},
    {80, 4, 257, "impossible number of entries"},
    {80, 4, UINT32_MAX, "impossible number of entries"},
    {80, 4, 0x02000080, "impossible number of entries"}, /* times 128 is 16384 in 32 bits */
    {80, 4, 132, "table of partitions lies in the wrong place"},
    {80, 4, 127, "wrong checksum of the table of partitions"},
    {84, 4, 0, "impossible size of an entry"},
    {84, 4, 64, "impossible size of an entry"},
    {84, 4, 127, "impossible size of an entry"},
    {84, 4, 129, "impossible size of an entry"},
    {84, 4, 384, "impossible size of an entry"},
    {84, 4, 0x80000000, "impossible size of an entry"},
    {84, 4, 65536, "impossible size of an entry"},
    {88, 4, 0, "wrong checksum of the table of partitions"},
};
#define DAMAGES (sizeof damages / sizeof damages[0])

static void do_damage(const struct damage *d, bool backup)
{
    memcpy(image_header(&image, backup) + d->offset, &d->value, d->width);
    image_seal_header(&image, backup);
}

static void each_damage_of_the_primary_header_is_named_and_the_backup_used(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DAMAGES; i++) {
        image_free(&image);
        image_make(&image, 512);
        do_damage(&damages[i], false);
        expect_good(damages[i].says);
    }
}

static void each_damage_of_both_headers_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DAMAGES; i++) {
        image_free(&image);
        image_make(&image, 512);
        do_damage(&damages[i], false);
        do_damage(&damages[i], true);
        read_disk(8);
        assert_int_equal(reader.stage, GPT_FAILED);
        assert_int_equal(reader.error, QUOLL_ECORRUPT);
        assert_string_equal(reader.primary, damages[i].says);
        assert_non_null(reader.backup);
    }
}

static void any_byte_changed_without_its_sum_is_noticed(void **state)
{
    (void)state;
    for (unsigned at = 0; at < 92; at++) {
        image_header(&image, false)[at] ^= 0x10;
        read_disk(8);
        assert_int_equal(reader.stage, GPT_DONE);
        assert_non_null(reader.primary);
        image_header(&image, false)[at] ^= 0x10;
    }
    for (unsigned at = 0; at < 128 * IMAGE_ENTRY; at += 61) {
        image_entry(&image, false, 0)[at] ^= 0x80;
        expect_good("wrong checksum of the table of partitions");
        image_entry(&image, false, 0)[at] ^= 0x80;
    }
    expect_good(NULL);
}

static void the_header_may_be_longer(void **state)
{
    (void)state;
    put32(image_header(&image, false) + 12, 512);
    image_seal_header(&image, false);
    expect_good(NULL);
    image_header(&image, false)[511] = 1;
    expect_good("wrong checksum of the header");
}

static void a_backup_that_lies_about_its_table_is_refused(void **state)
{
    static const uint64_t places[] = {0, 2, 222, 224, 255, 256, UINT64_MAX};

    (void)state;
    image_header(&image, false)[0] = 0;
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        put64(image_header(&image, true) + 72, places[i]);
        image_seal_header(&image, true);
        expect_bad("no signature", "table of partitions lies in the wrong place");
    }
}

static void a_truncated_disk_is_refused(void **state)
{
    (void)state;
    for (uint64_t blocks = IMAGE_BLOCKS - 33; blocks > 5; blocks--) {
        image.blocks = blocks;
        read_disk(8);
        assert_int_equal(reader.stage, GPT_FAILED);
        assert_string_equal(reader.primary, "usable blocks reach beyond the disk's end");
        assert_string_equal(reader.backup, "no signature");
    }
    image.blocks = 5;
    expect_bad("the disk is too small for a GPT", NULL);
    assert_int_equal(reads, 0);
    image.blocks = 0;
    expect_bad("the disk is too small for a GPT", NULL);
}

static void only_a_protective_mbr_will_do(void **state)
{
    static const struct {
        unsigned offset;
        uint8_t value;
        const char *says;
    } cases[] = {
        {510, 0, "no partition table (block 0 has no signature)"},
        {511, 0, "no partition table (block 0 has no signature)"},
        {450, 0x83, "not a GPT disk (block 0 is no protective MBR)"},
        {454, 2, "not a GPT disk (block 0 is no protective MBR)"},
        {457, 1, "not a GPT disk (block 0 is no protective MBR)"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t before = image.bytes[cases[i].offset];

        image.bytes[cases[i].offset] = cases[i].value;
        expect_bad(cases[i].says, NULL);
        assert_int_equal(reads, 1);
        image.bytes[cases[i].offset] = before;
    }
    /* One record of a hybrid MBR is enough. */
    memcpy(image.bytes + 446 + 48, image.bytes + 446, 16);
    image.bytes[450] = 0x83;
    expect_good(NULL);
}

static void partitions_outside_or_overlapping_are_refused(void **state)
{
    static const struct {
        uint64_t first, last;
        const char *says;
    } cases[] = {
        {0, 10, "a partition lies outside of the usable blocks"},
        {33, 33, "a partition lies outside of the usable blocks"},
        {201, 223, "a partition lies outside of the usable blocks"},
        {220, UINT64_MAX, "a partition lies outside of the usable blocks"},
        {UINT64_MAX, UINT64_MAX, "a partition lies outside of the usable blocks"},
        {210, 209, "a partition lies outside of the usable blocks"},
        {UINT64_MAX, 0, "a partition lies outside of the usable blocks"},
        {200, 201, "partitions overlap"},
        {34, 40, "partitions overlap"},
        {34, 222, "partitions overlap"},
        {85, 90, "partitions overlap"},
        {80, 99, "partitions overlap"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        image_partition(&image, 127, "bad", cases[i].first, cases[i].last);
        expect_bad(cases[i].says, cases[i].says);
    }
    image_partition(&image, 127, "edge", 34, 39);
    image_partition(&image, 126, "other", 201, 222);
    read_disk(8);
    assert_int_equal(reader.stage, GPT_DONE);
    assert_int_equal(reader.gpt.partitions, 5);
}

static void names_are_plain_ascii_and_unique_or_match_nothing(void **state)
{
    const struct gpt_partition *found;

    (void)state;
    image_partition(&image, 7, "site", 201, 202);
    read_disk(8);
    assert_int_equal(reader.stage, GPT_DONE);
    assert_int_equal(gpt_find(&reader.gpt, "site", &found), QUOLL_ECORRUPT);
    assert_null(found);

    image_partition(&image, 7, "s?te", 201, 202);
    put16(image_entry(&image, false, 7) + 58, 0x0101);
    image_seal(&image);
    read_disk(8);
    assert_int_equal(gpt_find(&reader.gpt, "s?te", &found), QUOLL_ENOTFOUND);
    assert_string_equal(reader.gpt.partition[3].name, "s?te");

    image_partition(&image, 7, "abcdefghijklmnopqrstuvwxyz0123456789", 201, 202);
    read_disk(8);
    assert_int_equal(gpt_find(&reader.gpt, "abcdefghijklmnopqrstuvwxyz0123456789", &found),
                     QUOLL_OK);
}

static void more_partitions_than_supported_are_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 128; i++) {
        image_partition(&image, i, "p", 40 + i, 40 + i);
    }
    expect_bad("more partitions than supported", "more partitions than supported");
    for (unsigned i = GPT_PARTITIONS_MAX; i < 128; i++) {
        memset(image_entry(&image, false, i), 0, IMAGE_ENTRY);
    }
    image_seal(&image);
    read_disk(8);
    assert_int_equal(reader.stage, GPT_DONE);
    assert_int_equal(reader.gpt.partitions, GPT_PARTITIONS_MAX);
}

static void unreadable_blocks_lead_to_the_backup_or_to_an_error(void **state)
{
    (void)state;
    bad_block = 1;
    expect_good("cannot be read");
    bad_block = 33;
    expect_good("cannot be read");
    bad_block = 0;
    read_disk(8);
    assert_int_equal(reader.stage, GPT_FAILED);
    assert_int_equal(reader.error, QUOLL_EIO);
    image_header(&image, false)[0] = 0;
    bad_block = 255;
    read_disk(8);
    assert_int_equal(reader.stage, GPT_FAILED);
    assert_int_equal(reader.error, QUOLL_EIO);
    assert_string_equal(reader.backup, "cannot be read");
    bad_block = 230;
    read_disk(8);
    assert_int_equal(reader.stage, GPT_FAILED);
    assert_int_equal(reader.error, QUOLL_EIO);
}

/* Entry for libFuzzer too: any bytes as a disk end in a decision, within bounds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t scratch[GPT_READER_MEMORY] __attribute__((aligned(8)));
    struct gpt_disk disk = {.blocks = size / 512, .block_size = 512};
    struct gpt_read read;

    gpt_reader_start(&reader, &disk, 4, scratch);
    while (gpt_reader_wants(&reader, &read)) {
        assert_true(read.block < disk.blocks && read.count <= disk.blocks - read.block);
        assert_true(read.offset + read.count * 512U <= sizeof scratch);
        memcpy(scratch + read.offset, data + read.block * 512, read.count * 512U);
        gpt_reader_got(&reader, QUOLL_OK);
    }
    for (uint32_t i = 0; i < reader.gpt.partitions; i++) {
        const struct gpt_partition *p = &reader.gpt.partition[i];
        assert_true(reader.stage == GPT_DONE && p->first <= p->last && p->last < disk.blocks - 1);
    }
    return 0;
}

/* Random damage, mostly sealed again so that it gets past the checksums. */
static void random_damage_never_leads_out_of_bounds(void **state)
{
    uint64_t random = 88172645463325252U;
    unsigned good = 0;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t *at = image_header(&image, (random & 1U) != 0) + 8;
        unsigned offset = (unsigned)(random >> 8) % 84U;

        if ((random & 6U) == 0) {
            at = image_entry(&image, (random & 1U) != 0, 0) - 8;
            offset = 8U + (unsigned)(random >> 8) % 1024U;
        }
        uint8_t before = at[offset];

        at[offset] = (random & 8U) != 0 ? (uint8_t)(random >> 40) : 0xff;
        image_seal_header(&image, false);
        image_seal_header(&image, true);
        if ((random & 16U) != 0) {
            image_seal(&image);
        }
        LLVMFuzzerTestOneInput(image.bytes, (size_t)image.blocks * 512);
        good += reader.stage == GPT_DONE;
        at[offset] = before;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
    }
    assert_in_range(good, 1000, 19999); /* or the damage was none, or total */
}

static void what_sgdisk_writes_is_read(void **state)
{
    char name[] = "/tmp/quoll-gpt-XXXXXX";
    char command[256];
    int file = mkstemp(name);
    const struct gpt_partition *found;

    (void)state;
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, 1 << 20), 0);
    snprintf(command, sizeof command,
             "sgdisk -a 1 -n 1:100:+64K -c 1:boot -n 2:0:+128K -c '2:my site' %s >/dev/null", name);
    assert_int_equal(system(command), 0);
    image.bytes = realloc(image.bytes, 1 << 20);
    assert_int_equal(pread(file, image.bytes, 1 << 20, 0), 1 << 20);
    close(file);
    unlink(name);

    image.blocks = 2048;
    read_disk(8);
    assert_int_equal(reader.stage, GPT_DONE);
    assert_null(reader.primary);
    assert_int_equal(gpt_find(&reader.gpt, "my site", &found), QUOLL_OK);
    assert_int_equal(found->first, 228);
    assert_int_equal(found->last, 483);
    memset(image.bytes + 512, 0, 512);
    read_disk(8);
    assert_int_equal(reader.stage, GPT_DONE);
    assert_int_equal(gpt_find(&reader.gpt, "boot", &found), QUOLL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(a_good_disk_is_read),
        IN_A_PD(every_block_size_and_piece_size_will_do),
        IN_A_PD(the_checksum_is_that_of_ethernet),
        IN_A_PD(each_damage_of_the_primary_header_is_named_and_the_backup_used),
        IN_A_PD(each_damage_of_both_headers_is_refused),
        IN_A_PD(any_byte_changed_without_its_sum_is_noticed),
        IN_A_PD(the_header_may_be_longer),
        IN_A_PD(a_backup_that_lies_about_its_table_is_refused),
        IN_A_PD(a_truncated_disk_is_refused),
        IN_A_PD(only_a_protective_mbr_will_do),
        IN_A_PD(partitions_outside_or_overlapping_are_refused),
        IN_A_PD(names_are_plain_ascii_and_unique_or_match_nothing),
        IN_A_PD(more_partitions_than_supported_are_refused),
        IN_A_PD(unreadable_blocks_lead_to_the_backup_or_to_an_error),
        IN_A_PD(random_damage_never_leads_out_of_bounds),
        IN_A_PD(what_sgdisk_writes_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
