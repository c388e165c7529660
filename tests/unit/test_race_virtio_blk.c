/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio block driver with a virtualiser and a device that rewrite everything while it
 * reads: used ring, status bytes, configuration, registers.
 */
#include "racing_virtio.h"

#include "block/drivers/virtio_blk.c"

#define REQUESTS (RACING_QUEUE / CHAIN)

static struct fake_peer virt;
static struct racer all[2];

/* A disk of other size now and then; with another block size it would be given up for good. */
static uint32_t config(size_t at, unsigned size)
{
    (void)size;
    return at == offsetof(struct virtio_blk_config, capacity)   ? 100U + racing_draw(1000)
           : at == offsetof(struct virtio_blk_config, blk_size) ? 512
                                                                : 0;
}

static void write_device(void)
{
    racing_use(&queue, racing_draw(2));
    if (slots.memory != NULL) {
        slots.memory[racing_draw(REQUESTS)].status = (uint8_t)racing_draw(5);
    }
}

static void rewrite_ring(void)
{
    racing_ring(&queue);
}

/* What the virtualiser is told makes sense, whatever the device says. */
static void check(void)
{
    const struct block_response *answers = (const void *)virt.pd->produce.entries;
    const struct block_info *told = (const void *)virt.pd->info;

    racing_check_queue(&queue, CHAIN);
    for (uint32_t i = 0; i < queue.size; i++) {
        assert_true(queue.slot[i].count == 0 || queue.slot[i].cookie < REQUESTS);
    }
    for (unsigned n = 0; n < 64U; n++) {
        assert_true(answers[n].status <= QUOLL_OK && answers[n].status >= QUOLL_EDOWN);
    }
    assert_true(!told->ready || (told->block_size == 512 && told->max_count == 2048 &&
                                 told->blocks >= 100 && told->blocks < 1100));
}

static void make_request(void *entry)
{
    *(struct block_request *)entry =
        (struct block_request){.id = racing_draw(64),
                               .operation = (uint16_t)(BLOCK_READ + racing_draw(5)),
                               .count = 1U + racing_draw(8),
                               .block = racing_draw(90)};
}

static void racing_device(void **state)
{
    (void)state;
    fake_reset();
    racing_config = config;
    racing_device_begin(VIRTIO_ID_BLOCK, 1U << VIRTIO_BLK_F_FLUSH | 1U << VIRTIO_BLK_F_BLK_SIZE);
    fake_link(&virt, LINK_BLOCK_DEVICE, "virt", 64, sizeof(struct block_response), 64,
              sizeof(struct block_request));
    all[0] =
        (struct racer){.peer = &virt, .make = make_request, .entry = sizeof(struct block_request)};
    all[1] = (struct racer){.write = write_device, .storm = rewrite_ring};
    init();
    race(all, 2, check);
    printf("  %lu resets\n", (unsigned long)fake_pd_count(COUNT_RESETS));
    assert_true(fake_pd_count(COUNT_RESETS) > 100U);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_device)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
