/* SPDX-License-Identifier: BSD-2-Clause */
/* The partition table's reader, while the device rewrites what is being read. */
#include "racing.h"

#include "block/gpt.c"
#include "gpt_image.h"

static struct gpt_image image;
static struct racer all[1];
static unsigned good;
static struct gpt gpt;

/* A place of the table is something else for a moment. */
static void damage(void)
{
    uint8_t *entry = image_entry(&image, false, racing_draw(2));
    volatile uint64_t *first = (volatile uint64_t *)(void *)(entry + 32);
    uint64_t right = entry == image_entry(&image, false, 0) ? 40 : 80;

    *first = racing_draw(4) == 0 ? racing_draw(1000) : right;
}

void pd_start(void)
{
}

void pd_wake(microkit_channel unused)
{
    const struct gpt_disk disk = {.blocks = IMAGE_BLOCKS, .block_size = 512};
    struct gpt_header header;

    (void)unused;
    assert_null(gpt_read_header(&header, &disk, GPT_PRIMARY, image_header(&image, false)));
    good += gpt_read_table(&gpt, &header, image_entry(&image, false, 0)) == NULL;
}

/* What passed is what was sealed: three partitions that do not overlap. */
static void check(void)
{
    static const uint64_t first[] = {40, 80, 100}, last[] = {79, 99, 200};

    assert_true(gpt.partitions == 0 || gpt.partitions == 3);
    for (unsigned n = 0; n < gpt.partitions; n++) {
        assert_int_equal(gpt.partition[n].first, first[n]);
        assert_int_equal(gpt.partition[n].last, last[n]);
    }
}

static void racing_device(void **state)
{
    (void)state;
    fake_reset();
    image_make(&image, 512);
    all[0] = (struct racer){.write = damage};
    racing_wakeups = 2000;
    racing_rate = 4096;
    racing_alone = true;
    race(all, 1, check);
    fake_finish();
    assert_true(good > 0 && good < racing_wakeups);
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_device)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
