/* SPDX-License-Identifier: BSD-2-Clause */
/* The block virtualiser: clients' requests. */
#include "block_virt_world.h"

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

static void any_number_may_be_an_id(void **state)
{
    static const uint32_t ids[] = {0, 63, 64, 127, 128, UINT32_MAX};
    struct block_request request = good;

    (void)state;
    a.config->settings.block.quota = 64;
    for (unsigned i = 0; i < 6; i++) { /* all at once, and none is another */
        request.id = ids[i];
        ask(&a, request);
    }
    wake(&a);
    drive();
    assert_int_equal(number_got, 6);
    for (unsigned i = 0; i < 6; i++) {
        uint32_t slot = got[0].id;

        request.id = ids[i];
        memmove(got, got + 1, 5 * sizeof got[0]);
        number_got = 0;
        refused(&a, request, QUOLL_EINVALID);
        reply(slot, QUOLL_OK);
        wake(&driver);
        expect(&a, ids[i], QUOLL_OK);
        number_got = 5;
        ask(&a, request);
        wake(&a);
        drive();
        assert_int_equal(number_got, 6);
    }
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

static void a_client_may_have_as_much_as_it_leaves_to_the_others(void **state)
{
    struct block_request request = good;

    (void)state;
    virt.client[0].share = virt.client[1].share = 4; /* as with many, of which these two ask */
    a.config->settings.block.quota = 64;
    for (request.id = 0; request.id < 40; request.id++) {
        ask(&b, request);
    }
    wake(&b);
    drive();
    assert_int_equal(number_got, 31); /* and leaves 32 */
    for (request.id = 0; request.id < CLIENTS; request.id++) {
        ask(&a, request);
    }
    wake(&a);
    drive();
    assert_int_equal(number_got, 31 + CLIENTS); /* and leaves 16 */
    for (unsigned i = 0; i < 10; i++) {
        reply(got[i].id, QUOLL_OK);
    }
    wake(&driver);
    drive();
    assert_int_equal(number_got, 31 + CLIENTS + 2); /* 23 and 16, and 24 are left */
    assert_int_equal(virt.client[1].outstanding, 23);
}

static void its_share_is_a_clients_own_whatever_is_left(void **state)
{
    struct block_request request = good;

    (void)state;
    virt.client[0].share = 16;
    virt.ledger.usable = LEDGER_BIT(33) - 2U; /* 32 slots */
    for (request.id = 0; request.id < 40; request.id++) {
        ask(&b, request);
    }
    wake(&b);
    drive();
    assert_int_equal(number_got, 31); /* its share */
    virt.client[1].share = 1;
    for (unsigned i = 0; i < 11; i++) {
        reply(got[i].id, QUOLL_OK);
    }
    wake(&driver);
    drive();
    assert_int_equal(virt.client[1].outstanding, 20); /* more than it leaves */
    a.config->settings.block.quota = 64;
    for (request.id = 0; request.id < CLIENTS; request.id++) {
        ask(&a, request);
    }
    wake(&a);
    drive();
    assert_int_equal(virt.client[0].outstanding, 12); /* all that are left */
    reply(got[11].id, QUOLL_OK);
    wake(&driver);
    drive();
    assert_int_equal(virt.client[0].outstanding, 13); /* and what comes back is its own */
    assert_int_equal(virt.client[1].outstanding, 19);
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

/*
 * Both are answered in one wake-up: the signal that comes first is put off until its end. Each
 * is first half of the time, in no step: as often the same as another one.
 */
static void any_one_is_woken_first(void **state)
{
    struct fake_peer *const clients[2] = {&a, &b};
    unsigned first = 0, firsts = 0, changes = 0;

    (void)state;
    for (unsigned n = 0; n < 64; n++) {
        for (unsigned i = 0; i < 2; i++) {
            ask(clients[i], good);
            wake(clients[i]);
            (void)queue_sleep(&clients[i]->in);
        }
        number_got = 0;
        drive();
        assert_int_equal(number_got, 2);
        forget_signals();
        reply(got[0].id, QUOLL_OK);
        reply(got[1].id, QUOLL_OK);
        wake(&driver);
        unsigned now =
            microkit_signal_cap != BASE_OUTPUT_NOTIFICATION_CAP + (unsigned)a.config->channel;

        changes += now != first;
        firsts += first = now;
        assert_int_equal(fake_signals(a.config->channel), 1);
        assert_int_equal(fake_signals(b.config->channel), 1);
        expect(&a, good.id, QUOLL_OK);
        expect(&b, good.id, QUOLL_OK);
    }
    assert_in_range(firsts, 24, 40);
    assert_in_range(changes, 24, 40);
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
    assert_int_equal(client->link.in.ready, 0); /* nothing more is taken of it */
    client->refusals = 0;
    wake(&a);
    assert_int_equal(fake_link_count(&a, COUNT_BROKEN), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(a_read_is_translated_and_its_answer_passed_on),
        IN_A_PD(every_operation_reaches_the_driver_as_it_should),
        IN_A_PD(ranges_outside_of_the_partition_are_refused),
        IN_A_PD(ranges_outside_of_the_data_region_are_refused),
        IN_A_PD(malformed_requests_are_refused),
        IN_A_PD(only_writers_write_and_only_what_the_device_can),
        IN_A_PD(an_id_that_is_outstanding_is_refused),
        IN_A_PD(any_number_may_be_an_id),
        IN_A_PD(the_quota_is_kept),
        IN_A_PD(a_client_gets_its_share_of_the_device_and_the_rest_waits),
        IN_A_PD(a_client_may_have_as_much_as_it_leaves_to_the_others),
        IN_A_PD(its_share_is_a_clients_own_whatever_is_left),
        IN_A_PD(clients_are_served_in_turn),
        IN_A_PD(any_one_is_woken_first),
        IN_A_PD(one_that_reads_no_responses_waits_for_itself_alone),
        IN_A_PD(room_for_the_responses_of_what_is_outstanding_is_kept),
        IN_A_PD(impossible_indices_cut_a_client_off_alone),
        IN_A_PD(impossible_response_indices_lose_only_the_responses),
        IN_A_PD(endless_refusals_cut_a_client_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
