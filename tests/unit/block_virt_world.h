/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block virtualiser with everything around it played by the test: a driver that
 * serves the partition table and notes the rest, and two clients, `a` (writes to
 * partition "site") and `b` (reads "log"). One test program includes it once.
 */
#ifndef BLOCK_VIRT_WORLD_H
#define BLOCK_VIRT_WORLD_H
#include <string.h>

#include "fake_pd.h"

#include "block/virt.c"
#include "block/virt_client.c"
#include "core/pd.c"

#include "gpt_image.h"

#define OWN_IO    0x40000000U
#define A_IO      0x50000000U
#define B_IO      0x60000000U
#define DATA_SIZE 65536U
#define QUEUE     64U /* of the driver */
#define CLIENTS   16U /* of a client */
#define A_QUOTA   4U
#define SITE      80U  /* a's partition: 20 blocks from here */
#define LOG       100U /* b's: 101 */

static struct fake_peer driver, a, b;
static struct gpt_image image;
static uint8_t *own;
static struct block_request got[256]; /* by the driver, other than for the table */
static unsigned number_got;

static const struct block_info disk_info = {
    .blocks = IMAGE_BLOCKS,
    .block_size = 512,
    .max_count = 8,
    .ready = 1,
    .writable = 1,
    .can_flush = 1,
    .can_discard = 1,
};

__attribute__((unused)) static void wake(const struct fake_peer *peer)
{
    notified(peer->config->channel);
}

__attribute__((unused)) static void reply(uint32_t id, int32_t status)
{
    struct block_response response = {.id = id, .status = status};

    fake_put(block_responses, &driver, &response);
}

/* The driver serves the table and notes the rest. */
__attribute__((unused)) static void drive(void)
{
    struct block_request r;
    bool more = true;

    while (more) {
        more = false;
        while (queue_look(&driver.in) > 0 && block_requests_take(&driver.in, &r)) {
            (void)queue_release(&driver.in);
            if (r.id != LEDGER_TABLE) {
                got[number_got++] = r;
                continue;
            }
            assert_int_equal(r.operation, BLOCK_READ);
            assert_true(r.data >= OWN_IO && r.block + r.count <= IMAGE_BLOCKS);
            memcpy(own + (r.data - OWN_IO), image_block(&image, r.block), r.count * 512U);
            reply(r.id, QUOLL_OK);
            wake(&driver);
            more = true;
        }
        more = more || !queue_sleep(&driver.in);
    }
}

__attribute__((unused)) static void forget_signals(void)
{
    for (unsigned channel = 0; channel < 3; channel++) {
        (void)fake_signals(channel);
    }
}

__attribute__((unused)) static int set_up_down(void **state)
{
    (void)state;
    fake_reset();
    memset(&virt, 0, sizeof virt);
    number_got = 0;
    image_make(&image, 512);
    own = fake_region(&fake_config.own, 65536, OWN_IO);
    fake_link(&driver, LINK_BLOCK_DEVICE, "disk", QUEUE, sizeof(struct block_request), QUEUE,
              sizeof(struct block_response));
    fake_link(&a, LINK_BLOCK_CLIENT, "a", CLIENTS, sizeof(struct block_response), CLIENTS,
              sizeof(struct block_request));
    fake_link(&b, LINK_BLOCK_CLIENT, "b", 64, sizeof(struct block_response), 64,
              sizeof(struct block_request));
    fake_region(&a.config->data, DATA_SIZE, A_IO);
    fake_region(&b.config->data, DATA_SIZE, B_IO);
    a.config->data.vaddr = b.config->data.vaddr = 0; /* not mapped here */
    a.config->settings.block = (struct quoll_block_settings){"site", 1, {0}, A_QUOTA};
    b.config->settings.block = (struct quoll_block_settings){"log", 0, {0}, 64};
    return 0;
}

__attribute__((unused)) static void start(void)
{
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    fake_peer_up(&b);
    fake_peer_tell(&driver, &disk_info, sizeof disk_info);
    wake(&a);
    wake(&b);
    wake(&driver);
    drive();
    forget_signals();
}

__attribute__((unused)) static int set_up(void **state)
{
    set_up_down(state);
    start();
    assert_int_equal(virt.state, VIRT_SERVING);
    return 0;
}

__attribute__((unused)) static int tear_down(void **state)
{
    (void)state;
    image_free(&image);
    fake_finish();
    return 0;
}

__attribute__((unused)) static struct block_info info_of(const struct fake_peer *client)
{
    struct block_info info;

    memcpy(&info, client->pd->info, sizeof info);
    return info;
}

__attribute__((unused)) static const struct block_request good = {
    .id = 7, .operation = BLOCK_READ, .count = 2, .block = 3};

__attribute__((unused)) static void ask(struct fake_peer *client, struct block_request request)
{
    fake_put(block_requests, client, &request);
}

__attribute__((unused)) static void expect(struct fake_peer *client, uint32_t id, int32_t status)
{
    struct block_response response;

    fake_take(block_responses, client, &response);
    assert_int_equal(response.id, id);
    assert_int_equal(response.status, status);
}

__attribute__((unused)) static void expect_nothing(struct fake_peer *client)
{
    assert_int_equal(queue_look(&client->in), 0);
}

/* A request that must be answered so without reaching the driver. */
__attribute__((unused)) static void refused(struct fake_peer *client, struct block_request request,
                                            int32_t status)
{
    uint64_t before = fake_link_count(client, COUNT_REFUSED);

    ask(client, request);
    wake(client);
    drive();
    assert_int_equal(number_got, 0);
    expect(client, request.id, status);
    expect_nothing(client);
    assert_int_equal(fake_link_count(client, COUNT_REFUSED), before + 1);
}

#endif
