/* SPDX-License-Identifier: BSD-2-Clause */
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

static void wake(const struct fake_peer *peer)
{
    notified(peer->config->channel);
}

static void reply(uint32_t id, int32_t status)
{
    struct block_response response = {.id = id, .status = status};

    fake_put(block_responses, &driver, &response);
}

/* The driver serves the table and notes the rest. */
static void drive(void)
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

static void forget_signals(void)
{
    for (unsigned channel = 0; channel < 3; channel++) {
        (void)fake_signals(channel);
    }
}

static int set_up_down(void **state)
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

static void start(void)
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

static int set_up(void **state)
{
    set_up_down(state);
    start();
    assert_int_equal(virt.state, VIRT_SERVING);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    image_free(&image);
    fake_finish();
    return 0;
}

static struct block_info info_of(const struct fake_peer *client)
{
    struct block_info info;

    memcpy(&info, client->pd->info, sizeof info);
    return info;
}

static const struct block_request good = {.id = 7, .operation = BLOCK_READ, .count = 2, .block = 3};

static void ask(struct fake_peer *client, struct block_request request)
{
    fake_put(block_requests, client, &request);
}

static void expect(struct fake_peer *client, uint32_t id, int32_t status)
{
    struct block_response response;

    fake_take(block_responses, client, &response);
    assert_int_equal(response.id, id);
    assert_int_equal(response.status, status);
}

static void expect_nothing(struct fake_peer *client)
{
    assert_int_equal(queue_look(&client->in), 0);
}

/* A request that must be answered so without reaching the driver. */
static void refused(struct fake_peer *client, struct block_request request, int32_t status)
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

/* ---- Starting ---- */

static void clients_hear_of_their_partitions(void **state)
{
    struct block_info info = info_of(&a);

    (void)state;
    assert_int_equal(info.ready, 1);
    assert_int_equal(info.blocks, 20);
    assert_int_equal(info.block_size, 512);
    assert_int_equal(info.max_count, 8);
    assert_int_equal(info.writable, 1);
    assert_int_equal(info.can_flush, 1);
    assert_int_equal(info.can_discard, 1);
    assert_int_equal(info.can_write_zeroes, 0);
    info = info_of(&b);
    assert_int_equal(info.ready, 1);
    assert_int_equal(info.blocks, 101);
    assert_int_equal(info.writable, 0);
}

static void a_missing_partition_is_said_in_plain_words(void **state)
{
    (void)state;
    strcpy(a.config->settings.block.partition, "sites");
    start();
    assert_int_equal(info_of(&a).ready, 0);
    assert_int_equal(info_of(&a).error, QUOLL_ENOTFOUND);
    assert_int_equal(info_of(&b).ready, 1);
    assert_string_equal(fake_output(),
                        "test: a: no partition 'sites'; the disk has 'boot' 'site' 'log'\n");
    ask(&a, good);
    wake(&a);
    expect(&a, good.id, QUOLL_EDOWN);
    assert_int_equal(number_got, 0);
}

static void a_partition_name_without_its_nul_matches_nothing(void **state)
{
    (void)state;
    memset(a.config->settings.block.partition, 'x', sizeof a.config->settings.block.partition);
    start();
    assert_int_equal(info_of(&a).error, QUOLL_ENOTFOUND);
    assert_int_equal(info_of(&b).ready, 1);
}

static void two_partitions_of_one_name_are_refused(void **state)
{
    (void)state;
    image_partition(&image, 8, "site", 210, 211);
    start();
    assert_int_equal(info_of(&a).error, QUOLL_ECORRUPT);
    assert_string_equal(fake_output(), "test: a: several partitions are called 'site'; refused\n");
    assert_int_equal(info_of(&b).ready, 1);
}

static void a_foreign_disk_is_refused(void **state)
{
    (void)state;
    memset(image.bytes, 0, 512);
    start();
    assert_int_equal(virt.state, VIRT_DOWN);
    assert_int_equal(info_of(&a).error, QUOLL_ECORRUPT);
    assert_int_equal(info_of(&b).error, QUOLL_ECORRUPT);
    assert_string_equal(fake_output(),
                        "test: GPT: primary: no partition table (block 0 has no signature)\n");
    ask(&a, good);
    wake(&a);
    expect(&a, good.id, QUOLL_EDOWN);
}

static void the_backup_is_used_and_said(void **state)
{
    (void)state;
    image_header(&image, false)[0] = 0;
    start();
    assert_int_equal(info_of(&a).ready, 1);
    assert_string_equal(fake_output(),
                        "test: GPT: primary: no signature; the backup is good and is used\n");
}

static void a_driver_without_device_says_so_to_all(void **state)
{
    struct block_info none = {.error = QUOLL_ENOTFOUND};

    (void)state;
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    fake_peer_tell(&driver, &none, sizeof none);
    wake(&a);
    wake(&driver);
    assert_int_equal(info_of(&a).error, QUOLL_ENOTFOUND);
    none.error = 77;
    fake_peer_tell(&driver, &none, sizeof none);
    wake(&driver);
    assert_int_equal(info_of(&a).error, QUOLL_EIO);
}

static void impossible_geometries_are_refused(void **state)
{
    static const struct block_info bad[] = {
        {.blocks = 256, .block_size = 0, .max_count = 8, .ready = 1},
        {.blocks = 256, .block_size = 511, .max_count = 8, .ready = 1},
        {.blocks = 256, .block_size = 256, .max_count = 8, .ready = 1},
        {.blocks = 256, .block_size = 8192, .max_count = 8, .ready = 1},
        {.blocks = 256, .block_size = 768, .max_count = 8, .ready = 1},
        {.blocks = 256, .block_size = 512, .max_count = 0, .ready = 1},
        {.blocks = 0, .block_size = 512, .max_count = 8, .ready = 1},
        {.blocks = UINT64_MAX / 512 + 1, .block_size = 512, .max_count = 8, .ready = 1},
    };

    (void)state;
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fake_peer_tell(&driver, &bad[i], sizeof bad[i]);
        wake(&driver);
        assert_int_equal(virt.state, VIRT_DOWN);
        assert_int_equal(info_of(&a).error, QUOLL_EIO);
        assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), i + 1);
        assert_int_equal(queue_look(&driver.in), 0);
    }
}

static void requests_wait_until_the_table_is_read(void **state)
{
    (void)state;
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    wake(&a);
    ask(&a, good);
    wake(&a);
    wake(&driver);
    assert_int_equal(queue_look(&driver.in), 0);
    fake_peer_tell(&driver, &disk_info, sizeof disk_info);
    wake(&driver);
    drive();
    assert_int_equal(number_got, 1);
    assert_int_equal(got[0].block, SITE + 3);
}

static void a_disk_that_changes_is_read_again(void **state)
{
    struct block_info other = disk_info;

    (void)state;
    image_partition(&image, 1, "site", 85, 99);
    other.max_count = 4;
    fake_peer_tell(&driver, &other, sizeof other);
    wake(&driver);
    assert_int_equal(info_of(&a).ready, 0);
    assert_int_equal(info_of(&a).error, QUOLL_OK);
    other.max_count = 5; /* and again while the first block is being read */
    fake_peer_tell(&driver, &other, sizeof other);
    wake(&driver);
    drive();
    assert_int_equal(info_of(&a).ready, 1);
    assert_int_equal(info_of(&a).blocks, 15);
    assert_int_equal(info_of(&a).max_count, 5);
}

static void a_table_that_arrives_when_the_disk_is_gone_is_ignored(void **state)
{
    struct block_info gone = {.error = QUOLL_EIO};
    struct block_request r;

    (void)state;
    init();
    fake_peer_up(&driver);
    fake_peer_tell(&driver, &disk_info, sizeof disk_info);
    wake(&driver);
    fake_take(block_requests, &driver, &r);
    fake_peer_tell(&driver, &gone, sizeof gone);
    wake(&driver);
    memcpy(own, image.bytes, 512);
    reply(r.id, QUOLL_OK);
    wake(&driver);
    assert_int_equal(virt.state, VIRT_DOWN);
    assert_int_equal(virt.ledger.used, 0);
    assert_int_equal(queue_look(&driver.in), 0);
}

static void a_disk_that_goes_while_its_table_is_read_and_comes_back(void **state)
{
    struct block_info gone = {.error = QUOLL_EIO};
    struct block_request r;

    (void)state;
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    fake_peer_tell(&driver, &disk_info, sizeof disk_info);
    wake(&driver);
    fake_take(block_requests, &driver, &r);
    fake_peer_tell(&driver, &gone, sizeof gone);
    wake(&driver);
    assert_int_equal(info_of(&a).error, QUOLL_EIO);
    fake_peer_tell(&driver, &disk_info, sizeof disk_info);
    wake(&driver);
    assert_int_equal(queue_look(&driver.in), 0); /* the old read is still out */
    reply(r.id, QUOLL_EDOWN);
    wake(&driver);
    drive();
    assert_int_equal(virt.state, VIRT_SERVING);
    assert_int_equal(info_of(&a).ready, 1);
}

/* ---- Requests ---- */

static void a_read_is_translated_and_its_answer_passed_on(void **state)
{
    (void)state;
    ask(&a, (struct block_request){
                .id = 0xdeadbeef, .operation = BLOCK_READ, .count = 8, .block = 12, .data = 512});
    wake(&a);
    assert_int_equal(fake_signals(driver.config->channel), 1);
    drive();
    assert_int_equal(number_got, 1);
    assert_int_equal(got[0].operation, BLOCK_READ);
    assert_int_equal(got[0].block, SITE + 12);
    assert_int_equal(got[0].count, 8);
    assert_int_equal(got[0].data, A_IO + 512);
    expect_nothing(&a);
    (void)queue_sleep(&a.in);
    forget_signals();
    reply(got[0].id, QUOLL_OK);
    wake(&driver);
    assert_int_equal(fake_signals(a.config->channel), 1);
    expect(&a, 0xdeadbeef, QUOLL_OK);
    expect_nothing(&b);
    assert_int_equal(fake_link_count(&a, COUNT_BYTES), 4096);
    assert_int_equal(virt.ledger.used, 0);
}

static void every_operation_reaches_the_driver_as_it_should(void **state)
{
    (void)state;
    ask(&a, (struct block_request){.id = 1, .operation = BLOCK_WRITE, .count = 1, .data = 1024});
    ask(&a, (struct block_request){.id = 2, .operation = BLOCK_FLUSH});
    ask(&a, (struct block_request){.id = 3, .operation = BLOCK_DISCARD, .count = 8, .data = 99});
    wake(&a);
    drive();
    assert_int_equal(number_got, 3);
    assert_int_equal(got[0].operation, BLOCK_WRITE);
    assert_int_equal(got[0].block, SITE);
    assert_int_equal(got[0].data, A_IO + 1024);
    assert_int_equal(got[1].operation, BLOCK_FLUSH);
    assert_int_equal(got[1].block, 0);
    assert_int_equal(got[1].count, 0);
    assert_int_equal(got[1].data, 0);
    assert_int_equal(got[2].operation, BLOCK_DISCARD);
    assert_int_equal(got[2].block, SITE);
    assert_int_equal(got[2].data, 0);
}

static void ranges_outside_of_the_partition_are_refused(void **state)
{
    static const struct {
        uint64_t block;
        uint32_t count;
    } cases[] = {
        {20, 1},         {19, 2},
        {13, 8},         {UINT64_MAX, 1},
        {UINT64_MAX, 8}, {UINT64_MAX - 79, 1},
        {0, 0},          {0, 9},
        {0, UINT32_MAX}, {UINT64_MAX - 7, 8},
        {1ULL << 63, 1},
    };
    static const uint16_t operations[] = {BLOCK_READ, BLOCK_WRITE, BLOCK_DISCARD,
                                          BLOCK_WRITE_ZEROES};

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned j = 0; j < 4; j++) {
            refused(&a,
                    (struct block_request){.id = i,
                                           .operation = operations[j],
                                           .block = cases[i].block,
                                           .count = cases[i].count},
                    QUOLL_EINVALID);
        }
    }
    ask(&a, (struct block_request){.operation = BLOCK_READ, .block = 19, .count = 1});
    ask(&a, (struct block_request){.id = 1, .operation = BLOCK_READ, .block = 12, .count = 8});
    wake(&a);
    drive();
    assert_int_equal(number_got, 2);
}

static void ranges_outside_of_the_data_region_are_refused(void **state)
{
    static const struct {
        uint64_t data;
        uint32_t count;
    } cases[] = {
        {1, 1},
        {511, 1},
        {DATA_SIZE, 1},
        {DATA_SIZE + 512, 1},
        {DATA_SIZE - 512, 2},
        {DATA_SIZE - 7 * 512, 8},
        {UINT64_MAX, 1},
        {UINT64_MAX - 511, 1},
        {UINT64_MAX - 511, 2},
        {0ULL - A_IO, 1},
        {1ULL << 63, 8},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct block_request request = good;

        request.data = cases[i].data;
        request.count = cases[i].count;
        refused(&a, request, QUOLL_EINVALID);
        request.operation = BLOCK_WRITE;
        refused(&a, request, QUOLL_EINVALID);
    }
    ask(&a,
        (struct block_request){.operation = BLOCK_READ, .count = 8, .data = DATA_SIZE - 8 * 512});
    wake(&a);
    drive();
    assert_int_equal(number_got, 1);
}

static void malformed_requests_are_refused(void **state)
{
    static const uint16_t unknown[] = {0, 6, 7, 255, 256, 0x8001, 0xffff};
    struct block_request request;

    (void)state;
    for (unsigned i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        request = good;
        request.operation = unknown[i];
        refused(&a, request, QUOLL_EINVALID);
    }
    request = good;
    request.reserved = 1;
    refused(&a, request, QUOLL_EINVALID);
    request = good;
    request.reserved2 = 1;
    refused(&a, request, QUOLL_EINVALID);
    for (unsigned i = 0; i < 3; i++) {
        refused(&a,
                (struct block_request){.operation = BLOCK_FLUSH,
                                       .block = i == 0,
                                       .count = i == 1,
                                       .data = i == 2 ? 512 : 0},
                QUOLL_EINVALID);
    }
}

static void only_writers_write_and_only_what_the_device_can(void **state)
{
    struct block_request request = good;

    (void)state;
    request.operation = BLOCK_WRITE;
    refused(&b, request, QUOLL_EDENIED);
    request.operation = BLOCK_DISCARD;
    refused(&b, request, QUOLL_EDENIED);
    request.operation = BLOCK_WRITE_ZEROES;
    refused(&b, request, QUOLL_EDENIED);
    refused(&a, request, QUOLL_EUNSUPPORTED);
    request.block = 101;
    request.operation = BLOCK_WRITE;
    refused(&b, request, QUOLL_EINVALID);
}

static void an_id_that_is_outstanding_is_refused(void **state)
{
    (void)state;
    ask(&a, good);
    wake(&a);
    drive();
    number_got = 0;
    refused(&a, good, QUOLL_EINVALID);
    ask(&b, good); /* another client's is not in the way */
    wake(&b);
    drive();
    assert_int_equal(number_got, 1);
    assert_int_equal(got[0].block, LOG + 3);
    reply(got[0].id, QUOLL_OK);
    wake(&driver);
    expect(&b, good.id, QUOLL_OK);
    expect_nothing(&a);
    ask(&b, good); /* and it is free again after its answer */
    wake(&b);
    drive();
    assert_int_equal(number_got, 2);
}

static void the_quota_is_kept(void **state)
{
    struct block_request request = good;

    (void)state;
    for (request.id = 0; request.id < A_QUOTA + 3; request.id++) {
        ask(&a, request);
    }
    wake(&a);
    drive();
    assert_int_equal(number_got, A_QUOTA);
    for (uint32_t id = A_QUOTA; id < A_QUOTA + 3; id++) {
        expect(&a, id, QUOLL_EBUSY);
    }
    expect_nothing(&a);
    reply(got[2].id, QUOLL_OK);
    wake(&driver);
    expect(&a, 2, QUOLL_OK);
    request.id = 50;
    ask(&a, request);
    wake(&a);
    drive();
    assert_int_equal(number_got, A_QUOTA + 1);
}

static void a_client_gets_its_share_of_the_device_and_the_rest_waits(void **state)
{
    struct block_request request = good;

    (void)state;
    assert_int_equal(virt.client[1].share, 31); /* of 63 */
    for (request.id = 0; request.id < 40; request.id++) {
        ask(&b, request);
    }
    wake(&b);
    drive();
    assert_int_equal(number_got, 31);
    expect_nothing(&b);
    ask(&a, good);
    wake(&a);
    drive();
    assert_int_equal(number_got, 32);
    assert_int_equal(got[31].block, SITE + 3);
    for (unsigned i = 0; i < 5; i++) {
        reply(got[i].id, QUOLL_OK);
    }
    wake(&driver);
    drive();
    assert_int_equal(number_got, 37); /* each answer lets one more in */
    for (uint32_t id = 0; id < 5; id++) {
        expect(&b, id, QUOLL_OK);
    }
}

static void clients_are_served_in_turn(void **state)
{
    struct block_request request = good;
    unsigned b_first = 0;

    (void)state;
    a.config->settings.block.quota = 64;
    for (request.id = 0; request.id < CLIENTS; request.id++) {
        ask(&a, request);
        ask(&b, request);
    }
    virt.active |= 2;
    wake(&a);
    drive();
    assert_int_equal(number_got, 2 * CLIENTS);
    while (got[b_first].block < LOG) {
        b_first++;
    }
    assert_int_equal(b_first, VIRT_BATCH);
}

static void one_that_reads_no_responses_waits_for_itself_alone(void **state)
{
    struct block_request request = good;

    (void)state;
    request.count = 0;
    for (unsigned round = 0; round < 3; round++) { /* a lives on refusals */
        for (request.id = 0; queue_look_for_room(&a.out) > 0; request.id++) {
            ask(&a, request);
        }
        wake(&a);
    }
    assert_int_equal(fake_link_count(&a, COUNT_REFUSED), CLIENTS);
    assert_int_equal(fake_link_count(&a, COUNT_DROPPED), 0);
    assert_int_equal(queue_look(&a.in), CLIENTS);
    ask(&b, good);
    wake(&b);
    drive();
    assert_int_equal(number_got, 1);
    /* It reads one: it asks us to look again, and one more is answered. */
    struct block_response response;
    assert_true(block_responses_take(&a.in, &response));
    assert_true(queue_release(&a.in));
    wake(&a);
    assert_int_equal(fake_link_count(&a, COUNT_REFUSED), CLIENTS + 1);
    assert_int_equal(queue_look(&a.in), CLIENTS);
}

static void room_for_the_responses_of_what_is_outstanding_is_kept(void **state)
{
    struct block_request request = good;

    (void)state;
    for (request.id = 0; request.id < A_QUOTA; request.id++) {
        ask(&a, request);
    }
    wake(&a);
    drive();
    request.count = 0;
    for (; request.id < 40 && queue_look_for_room(&a.out) > 0; request.id++) {
        ask(&a, request);
        wake(&a);
    }
    assert_int_equal(fake_link_count(&a, COUNT_REFUSED), CLIENTS - A_QUOTA);
    for (unsigned i = 0; i < A_QUOTA; i++) {
        reply(got[i].id, QUOLL_OK);
    }
    wake(&driver);
    assert_int_equal(queue_look(&a.in), CLIENTS);
    assert_int_equal(fake_link_count(&a, COUNT_DROPPED), 0);
}

static void impossible_indices_cut_a_client_off_alone(void **state)
{
    (void)state;
    a.half->produce.tail += 1000;
    wake(&a);
    assert_int_equal(fake_link_count(&a, COUNT_BROKEN), 1);
    ask(&b, good);
    wake(&b);
    drive();
    assert_int_equal(number_got, 1);
    fake_peer_new_life(&a);
    wake(&a);
    ask(&a, good);
    wake(&a);
    drive();
    assert_int_equal(number_got, 2);
}

static void impossible_response_indices_lose_only_the_responses(void **state)
{
    (void)state;
    ask(&a, good);
    wake(&a);
    drive();
    a.half->consume.head += 500;
    reply(got[0].id, QUOLL_OK);
    for (unsigned i = 0; i < 20; i++) {
        wake(&a);
    }
    wake(&driver);
    assert_int_equal(virt.ledger.used, 0);
    ask(&b, good);
    wake(&b);
    drive();
    assert_int_equal(number_got, 2);
}

/* A client that feeds refusals without end: here a link whose tail runs while we look. */
static void endless_refusals_cut_a_client_off(void **state)
{
    struct virt_client *client = &virt.client[0];
    struct block_request request = {.id = 1};

    (void)state;
    client->link.out.room = 4000;
    for (unsigned i = 0; i <= VIRT_REFUSALS; i++) {
        assert_false(client->link.in.broken);
        client->link.out.room = 4000;
        refuse(&virt, client, &request, QUOLL_EINVALID);
    }
    assert_true(client->link.in.broken);
    client->refusals = 0;
    wake(&a);
    assert_int_equal(fake_link_count(&a, COUNT_BROKEN), 1);
}

/* ---- The driver ---- */

static void answers_to_what_was_not_asked_are_refused(void **state)
{
    static const uint32_t wrong[] = {0, 2, 62, 63, 64, 65, 0x80000001, UINT32_MAX};

    (void)state;
    ask(&a, good);
    wake(&a);
    drive();
    assert_int_equal(got[0].id, 1);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        reply(wrong[i], QUOLL_OK);
    }
    wake(&driver);
    expect_nothing(&a);
    assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), sizeof wrong / sizeof wrong[0]);
    reply(1, QUOLL_OK);
    reply(1, QUOLL_OK); /* twice */
    wake(&driver);
    expect(&a, good.id, QUOLL_OK);
    expect_nothing(&a);
    assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), sizeof wrong / sizeof wrong[0] + 1);
}

static void statuses_are_sanitised(void **state)
{
    static const struct {
        int32_t said, heard;
    } cases[] = {
        {QUOLL_OK, QUOLL_OK},
        {QUOLL_EIO, QUOLL_EIO},
        {QUOLL_EUNSUPPORTED, QUOLL_EUNSUPPORTED},
        {QUOLL_EDOWN, QUOLL_EDOWN},
        {QUOLL_EINVALID, QUOLL_EIO},
        {QUOLL_EDENIED, QUOLL_EIO},
        {QUOLL_EBUSY, QUOLL_EIO},
        {1, QUOLL_EIO},
        {-100, QUOLL_EIO},
        {INT32_MIN, QUOLL_EIO},
        {INT32_MAX, QUOLL_EIO},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        number_got = 0;
        ask(&a, good);
        wake(&a);
        drive();
        reply(got[0].id, cases[i].said);
        wake(&driver);
        expect(&a, good.id, cases[i].heard);
    }
}

static void a_driver_that_gives_no_slots_back_gets_no_more(void **state)
{
    struct block_request request = good;
    struct block_request r;

    (void)state;
    /* It answers without ever releasing: QUEUE requests in all, then nothing. */
    for (unsigned i = 0; i < 3 * QUEUE; i++) {
        request.id = i;
        ask(&a, request);
        wake(&a);
        queue_look(&driver.in);
        if (block_requests_take(&driver.in, &r)) {
            reply(r.id, QUOLL_OK);
            wake(&driver);
            expect(&a, i, QUOLL_OK);
        } else {
            break;
        }
    }
    assert_int_equal(driver.in.head - driver.in.released, QUEUE);
    /* Until it does, and hears that we wait. */
    assert_true(queue_release(&driver.in));
    wake(&driver);
    drive();
    assert_int_equal(number_got, 1);
}

static void a_driver_that_never_stops_answering_does_not_keep_us(void **state)
{
    (void)state;
    for (unsigned i = 0; i < QUEUE; i++) {
        reply(UINT32_MAX, QUOLL_OK);
    }
    wake(&driver);
    assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), QUEUE);
    driver.half->produce.tail += QUEUE + 1;
    wake(&driver);
    assert_int_equal(fake_link_count(&driver, COUNT_BROKEN), 1);
}

static void a_new_life_of_the_driver_gets_everything_again(void **state)
{
    struct block_request before[3];

    (void)state;
    ask(&a, (struct block_request){.id = 1, .operation = BLOCK_WRITE, .count = 1, .data = 512});
    ask(&a, (struct block_request){.id = 2, .operation = BLOCK_FLUSH});
    wake(&a);
    ask(&b, good);
    wake(&b);
    drive();
    assert_int_equal(number_got, 3);
    memcpy(before, got, sizeof before);
    fake_lives[driver.config->peer_pd] += 1; /* dead: nothing is sent meanwhile */
    ask(&a, (struct block_request){.id = 3, .operation = BLOCK_READ, .count = 1});
    wake(&a);
    number_got = 0;
    fake_peer_up(&driver);
    wake(&driver);
    assert_int_equal(info_of(&a).ready, 1); /* it is the same disk */
    assert_int_equal(virt.state, VIRT_SERVING);
    drive();
    assert_int_equal(number_got, 4);
    assert_memory_equal(got, before, sizeof before);
    for (unsigned i = 0; i < 4; i++) {
        reply(got[i].id, QUOLL_OK);
    }
    wake(&driver);
    expect(&a, 1, QUOLL_OK);
    expect(&a, 2, QUOLL_OK);
    expect(&a, 3, QUOLL_OK);
    expect(&b, good.id, QUOLL_OK);
    assert_int_equal(info_of(&a).ready, 1); /* all the time */
    assert_int_equal(fake_link_count(&a, COUNT_REFUSED), 0);
}

static void old_answers_of_a_dead_driver_do_not_count(void **state)
{
    (void)state;
    ask(&a, good);
    wake(&a);
    drive();
    reply(got[0].id, QUOLL_OK); /* put, then dead before we looked */
    fake_peer_new_life(&driver);
    wake(&driver);
    expect_nothing(&a);
    drive();
    assert_int_equal(number_got, 2);
    reply(got[1].id, QUOLL_OK);
    wake(&driver);
    expect(&a, good.id, QUOLL_OK);
    expect_nothing(&a);
}

static void a_request_that_kills_each_driver_is_given_up(void **state)
{
    (void)state;
    ask(&a, good);
    wake(&a);
    for (unsigned life = 0; life <= LEDGER_LIVES; life++) {
        drive();
        assert_int_equal(number_got, life + 1);
        expect_nothing(&a);
        fake_peer_new_life(&driver);
        wake(&driver);
    }
    drive();
    assert_int_equal(number_got, LEDGER_LIVES + 1);
    expect(&a, good.id, QUOLL_ERESET);
    assert_int_equal(virt.ledger.used, 0);
}

static void a_reset_of_the_device_is_the_same(void **state)
{
    (void)state;
    ask(&a, good);
    wake(&a);
    for (unsigned reset = 0; reset <= LEDGER_LIVES; reset++) {
        drive();
        assert_int_equal(number_got, reset + 1);
        expect_nothing(&a);
        reply(got[reset].id, QUOLL_ERESET);
        wake(&driver);
    }
    expect(&a, good.id, QUOLL_ERESET);
    assert_int_equal(virt.ledger.used, 0);
}

static void a_driver_that_dies_reading_the_table_reads_it_anew(void **state)
{
    struct block_request r;

    (void)state;
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    fake_peer_tell(&driver, &disk_info, sizeof disk_info);
    wake(&a);
    wake(&driver);
    fake_take(block_requests, &driver, &r);
    fake_peer_new_life(&driver);
    wake(&driver);
    drive();
    assert_int_equal(info_of(&a).ready, 1);
}

/* ---- New lives of clients ---- */

static bool link_is_up_for(const struct fake_peer *client)
{
    return client->pd->seen == fake_lives[client->config->peer_pd] + 1;
}

static void a_client_waits_until_its_old_lifes_requests_are_answered(void **state)
{
    (void)state;
    ask(&a, good);
    wake(&a);
    drive();
    fake_peer_new_life(&a);
    wake(&a);
    drive();
    assert_false(link_is_up_for(&a));
    assert_int_equal(number_got, 1);
    (void)fake_signals(a.config->channel);
    reply(got[0].id, QUOLL_OK);
    wake(&driver);
    assert_true(link_is_up_for(&a));
    assert_int_equal(fake_signals(a.config->channel), 1);
    expect_nothing(&a);
    ask(&a, good);
    wake(&a);
    drive();
    assert_int_equal(number_got, 2); /* of the new life */
    reply(got[1].id, QUOLL_OK);
    wake(&driver);
    expect(&a, good.id, QUOLL_OK);
}

static void orphans_survive_the_driver_and_fill_their_share(void **state)
{
    struct block_request request = good;

    (void)state;
    for (request.id = 0; request.id < 31; request.id++) {
        ask(&b, request);
    }
    wake(&b);
    drive();
    assert_int_equal(number_got, 31);
    for (unsigned life = 0; life < 3; life++) { /* no share is gained by dying */
        fake_peer_new_life(&b);
        wake(&b);
        drive();
        assert_false(link_is_up_for(&b));
        assert_int_equal(number_got, 31);
    }
    number_got = 0;
    fake_peer_new_life(&driver);
    wake(&driver);
    drive();
    assert_int_equal(number_got, 31);
    for (unsigned i = 0; i < 31; i++) {
        reply(got[i].id, QUOLL_OK);
    }
    wake(&driver);
    assert_true(link_is_up_for(&b));
    assert_int_equal(virt.client[1].orphaned, 0);
    ask(&b, good);
    wake(&b);
    drive();
    assert_int_equal(number_got, 32);
}

static void memory_that_is_not_coherent_must_be_mapped(void **state)
{
    (void)state;
    /* Checked at start, before anything else is done with the client. */
    a.config->data.coherent = 0;
    a.config->data.vaddr = (uintptr_t)own; /* mapped: fine */
    start();
    assert_int_equal(virt.state, VIRT_SERVING);
    ask(&a, good);
    wake(&a);
    drive();
    reply(got[0].id, QUOLL_OK);
    wake(&driver);
    expect(&a, good.id, QUOLL_OK);
}

/* ---- Anything at all ---- */

static uint64_t random_state = 0x853c49e6748fea9b;

static uint64_t any(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static struct block_request any_request(void)
{
    static const uint64_t numbers[] = {0,
                                       1,
                                       2,
                                       8,
                                       9,
                                       19,
                                       20,
                                       100,
                                       101,
                                       512,
                                       1024,
                                       65024,
                                       65536,
                                       UINT32_MAX,
                                       1ULL << 32,
                                       1ULL << 63,
                                       UINT64_MAX - 511,
                                       UINT64_MAX};
    const unsigned n = sizeof numbers / sizeof numbers[0];

    if (any() % 2 == 0) {
        struct block_request request = good;

        request.id = (uint32_t)any() % 16;
        return request;
    }
    return (struct block_request){
        .id = (uint32_t)any() % 16,
        .operation = (uint16_t)(any() % 7),
        .reserved = any() % 64 == 0,
        .count = (uint32_t)numbers[any() % n],
        .reserved2 = any() % 64 == 0,
        .block = numbers[any() % n],
        .data = numbers[any() % n],
    };
}

/* What reaches the driver must be allowed, whatever happened before. */
static void check_got(void)
{
    for (unsigned i = 0; i < number_got; i++) {
        const struct block_request *r = &got[i];
        bool of_a = r->block < LOG;

        assert_in_range(r->id, 1, 63);
        assert_in_range(r->operation, BLOCK_READ, BLOCK_DISCARD);
        if (r->operation == BLOCK_FLUSH) {
            assert_true(r->block == 0 && r->count == 0 && r->data == 0);
            continue;
        }
        assert_in_range(r->count, 1, 8);
        assert_in_range(r->block, SITE, 200);
        assert_true(r->block + r->count <= (of_a ? LOG : 201U));
        assert_true(of_a || r->operation == BLOCK_READ);
        if (r->operation != BLOCK_DISCARD) {
            uint64_t base = of_a ? A_IO : B_IO;
            assert_true(r->data >= base && r->data + r->count * 512U <= base + DATA_SIZE);
        }
    }
}

static void any_mixture_of_lies_and_lives_stays_within_bounds(void **state)
{
    struct fake_peer *clients[] = {&a, &b};
    struct block_response response;
    unsigned answered = 0;

    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        struct fake_peer *client = clients[any() % 2];

        switch (any() % 16) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
            if (link_is_up_for(client) && queue_look_for_room(&client->out) > 0) {
                ask(client, any_request());
            }
            break;
        case 5:
            if (queue_look_for_room(&driver.out) > 0) {
                reply((uint32_t)any() % 70, (int32_t)(any() % 14) - 12);
            }
            break;
        case 6:
            if (any() % 16 == 0) {
                fake_peer_new_life(&driver);
                wake(&driver);
            }
            break;
        case 7:
            if (any() % 16 == 0) {
                fake_peer_new_life(client);
            }
            break;
        case 8:
            if (any() % 64 == 0) {
                client->half->produce.tail += (uint32_t)any();
                wake(client);
                fake_peer_new_life(client);
            }
            break;
        case 9:
            while (link_is_up_for(client) && queue_look(&client->in) > 0 &&
                   block_responses_take(&client->in, &response)) {
                answered += response.status == QUOLL_OK;
                assert_in_range(-response.status, 0, 10);
                (void)queue_release(&client->in);
            }
            break;
        default:
            wake(any() % 2 == 0 ? &driver : client);
            break;
        }
        number_got = 0;
        drive();
        check_got();
        for (unsigned i = 0; i < number_got && queue_look_for_room(&driver.out) > 0; i++) {
            if (any() % 4 != 0) {
                reply(got[i].id, QUOLL_OK);
            }
        }
        assert_true(virt.client[0].outstanding <= A_QUOTA);
        assert_int_equal(virt.client[0].outstanding, __builtin_popcountll(virt.client[0].held));
        assert_int_equal(virt.ledger.used & ~LEDGER_BIT(LEDGER_TABLE),
                         virt.client[0].held | virt.client[0].orphaned | virt.client[1].held |
                             virt.client[1].orphaned);
        assert_int_equal(fake_link_count(client, COUNT_DROPPED), 0);
    }
    assert_in_range(answered, 1000, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(clients_hear_of_their_partitions),
        IN_A_PD(a_disk_that_changes_is_read_again),
        IN_A_PD(a_read_is_translated_and_its_answer_passed_on),
        IN_A_PD(every_operation_reaches_the_driver_as_it_should),
        IN_A_PD(ranges_outside_of_the_partition_are_refused),
        IN_A_PD(ranges_outside_of_the_data_region_are_refused),
        IN_A_PD(malformed_requests_are_refused),
        IN_A_PD(only_writers_write_and_only_what_the_device_can),
        IN_A_PD(an_id_that_is_outstanding_is_refused),
        IN_A_PD(the_quota_is_kept),
        IN_A_PD(a_client_gets_its_share_of_the_device_and_the_rest_waits),
        IN_A_PD(clients_are_served_in_turn),
        IN_A_PD(one_that_reads_no_responses_waits_for_itself_alone),
        IN_A_PD(room_for_the_responses_of_what_is_outstanding_is_kept),
        IN_A_PD(impossible_indices_cut_a_client_off_alone),
        IN_A_PD(impossible_response_indices_lose_only_the_responses),
        IN_A_PD(endless_refusals_cut_a_client_off),
        IN_A_PD(answers_to_what_was_not_asked_are_refused),
        IN_A_PD(statuses_are_sanitised),
        IN_A_PD(a_driver_that_gives_no_slots_back_gets_no_more),
        IN_A_PD(a_driver_that_never_stops_answering_does_not_keep_us),
        IN_A_PD(a_new_life_of_the_driver_gets_everything_again),
        IN_A_PD(old_answers_of_a_dead_driver_do_not_count),
        IN_A_PD(a_request_that_kills_each_driver_is_given_up),
        IN_A_PD(a_reset_of_the_device_is_the_same),
        IN_A_PD(a_client_waits_until_its_old_lifes_requests_are_answered),
        IN_A_PD(orphans_survive_the_driver_and_fill_their_share),
        IN_A_PD(any_mixture_of_lies_and_lives_stays_within_bounds),
        cmocka_unit_test_setup_teardown(a_missing_partition_is_said_in_plain_words, set_up_down,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_partition_name_without_its_nul_matches_nothing,
                                        set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(two_partitions_of_one_name_are_refused, set_up_down,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_foreign_disk_is_refused, set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(the_backup_is_used_and_said, set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(a_driver_without_device_says_so_to_all, set_up_down,
                                        tear_down),
        cmocka_unit_test_setup_teardown(impossible_geometries_are_refused, set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(requests_wait_until_the_table_is_read, set_up_down,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_table_that_arrives_when_the_disk_is_gone_is_ignored,
                                        set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_goes_while_its_table_is_read_and_comes_back,
                                        set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(a_driver_that_dies_reading_the_table_reads_it_anew,
                                        set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(memory_that_is_not_coherent_must_be_mapped, set_up_down,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
