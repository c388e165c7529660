/* SPDX-License-Identifier: BSD-2-Clause */
/* The block virtualiser: a driver that lies or dies, clients that die, and all of it at once. */
#include "block_virt_world.h"

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
        cmocka_unit_test_setup_teardown(a_driver_that_dies_reading_the_table_reads_it_anew,
                                        set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(memory_that_is_not_coherent_must_be_mapped, set_up_down,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
