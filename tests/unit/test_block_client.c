/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "meanwhile.h"

#include "endless.h"

#include "block/client.c"

#define DATA_SIZE 8192U
#define QUOTA     4U

static struct fake_peer virt;
static struct block_client disk;

static const struct block_info ready = {
    .blocks = 100, .block_size = 512, .max_count = 8, .ready = 1};

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(&disk, 0, sizeof disk);
    fake_link(&virt, LINK_BLOCK_CLIENT, "disk", 16, sizeof(struct block_request), 16,
              sizeof(struct block_response));
    fake_region(&virt.config->data, DATA_SIZE, 0x1000);
    virt.config->settings.block.quota = QUOTA;
    assert_int_equal(block_client_open(&disk, "disk"), QUOLL_OK);
    fake_peer_up(&virt);
    fake_peer_tell(&virt, &ready, sizeof ready);
    assert_true(block_client_wake(&disk, virt.config->channel));
    (void)fake_signals(virt.config->channel);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static struct block_request asked(void)
{
    struct block_request request;

    fake_take(block_requests, &virt, &request);
    return request;
}

static void reply(uint32_t id, int32_t status)
{
    struct block_response response = {.id = id, .status = status};

    fake_put(block_responses, &virt, &response);
}

static void expect(uint32_t id, int32_t status)
{
    struct block_response done;

    assert_true(block_client_next(&disk, &done));
    assert_int_equal(done.id, id);
    assert_int_equal(done.status, status);
}

static void expect_nothing(void)
{
    struct block_response done;

    assert_false(block_client_next(&disk, &done));
}

static void a_disk_is_found_by_its_name(void **state)
{
    struct block_client other = {0};

    (void)state;
    assert_int_equal(block_client_open(&other, "disc"), QUOLL_ENOTFOUND);
    assert_false(block_client_wake(&other, 0));
    assert_false(block_client_wake(&disk, 1));
    assert_ptr_equal(block_client_data(&disk), (void *)(uintptr_t)virt.config->data.vaddr);
    assert_int_equal(block_client_data_size(&disk), DATA_SIZE);
}

static void information_is_passed_on(void **state)
{
    struct block_info info;
    struct block_info none = {.error = QUOLL_ENOTFOUND};

    (void)state;
    assert_true(block_client_info(&disk, &info));
    assert_int_equal(info.blocks, 100);
    fake_peer_tell(&virt, &none, sizeof none);
    assert_false(block_client_info(&disk, &info));
    assert_int_equal(info.error, QUOLL_ENOTFOUND);
    fake_lives[virt.config->peer_pd] += 1;
    assert_false(block_client_info(&disk, &info));
    assert_int_equal(info.error, QUOLL_OK);
    assert_int_equal(info.blocks, 0);
}

static void requests_are_what_was_asked(void **state)
{
    struct block_request r;

    (void)state;
    assert_int_equal(block_read(&disk, 5, 2, 1024, 77), QUOLL_OK);
    assert_int_equal(block_write(&disk, 6, 3, 2048, 77), QUOLL_OK); /* ids need not be unique */
    assert_int_equal(block_flush(&disk, 1), QUOLL_OK);
    assert_int_equal(block_discard(&disk, 7, 4, 2), QUOLL_OK);
    assert_int_equal(queue_look(&virt.in), 0); /* not before publish */
    (void)queue_sleep(&virt.in);
    block_client_publish(&disk);
    assert_int_equal(fake_signals(virt.config->channel), 1);
    r = asked();
    assert_true(r.operation == BLOCK_READ && r.block == 5 && r.count == 2 && r.data == 1024);
    r = asked();
    assert_true(r.operation == BLOCK_WRITE && r.block == 6 && r.count == 3 && r.data == 2048);
    r = asked();
    assert_true(r.operation == BLOCK_FLUSH && r.block == 0 && r.count == 0 && r.data == 0);
    r = asked();
    assert_true(r.operation == BLOCK_DISCARD && r.block == 7 && r.count == 4 && r.data == 0);
    reply(1, QUOLL_EIO);
    expect(77, QUOLL_EIO);
    expect_nothing();
    assert_int_equal(block_write_zeroes(&disk, 8, 1, 3), QUOLL_OK);
    block_client_publish(&disk);
    r = asked();
    assert_true(r.operation == BLOCK_WRITE_ZEROES && r.id == 1);
}

static void the_quota_is_the_librarys_limit(void **state)
{
    (void)state;
    assert_int_equal(block_client_room(&disk), QUOTA);
    for (uint32_t id = 0; id < QUOTA; id++) {
        assert_int_equal(block_flush(&disk, id), QUOLL_OK);
    }
    assert_int_equal(block_client_room(&disk), 0);
    assert_int_equal(block_flush(&disk, 9), QUOLL_EBUSY);
    block_client_publish(&disk);
    reply(asked().id, QUOLL_OK);
    expect(0, QUOLL_OK);
    assert_int_equal(block_flush(&disk, 9), QUOLL_OK);
    assert_int_equal(block_flush(&disk, 9), QUOLL_EBUSY);
}

static void answers_to_what_was_not_asked_are_skipped(void **state)
{
    static const uint32_t wrong[] = {1, 3, 4, 63, 64, UINT32_MAX};

    (void)state;
    assert_int_equal(block_flush(&disk, 42), QUOLL_OK);
    block_client_publish(&disk);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        reply(wrong[i], QUOLL_OK);
    }
    expect_nothing();
    reply(0, QUOLL_OK);
    reply(0, QUOLL_OK);
    expect(42, QUOLL_OK);
    expect_nothing();
    assert_int_equal(fake_link_count(&virt, COUNT_REFUSED), 7);
}

static void a_new_virtualiser_reports_what_was_lost_once_it_has_spoken(void **state)
{
    struct block_info starting = {0};

    (void)state;
    for (uint32_t id = 10; id < 13; id++) {
        assert_int_equal(block_flush(&disk, id), QUOLL_OK);
    }
    block_client_publish(&disk);
    reply(asked().id, QUOLL_OK); /* unread answer of the old life: lost, too */
    fake_lives[virt.config->peer_pd] += 1;
    expect_nothing();
    assert_int_equal(block_flush(&disk, 20), QUOLL_EDOWN);
    assert_int_equal(block_client_room(&disk), 0);
    assert_true(block_client_sleep(&disk));
    fake_peer_tell(&virt, &starting, sizeof starting);
    fake_peer_up(&virt);
    assert_true(block_client_wake(&disk, virt.config->channel));
    expect_nothing(); /* up, but the device may still be at it */
    assert_int_equal(block_client_room(&disk), 1);
    assert_int_equal(block_flush(&disk, 13), QUOLL_OK);
    assert_int_equal(block_flush(&disk, 14), QUOLL_EBUSY); /* what is lost still has its slot */
    fake_peer_tell(&virt, &ready, sizeof ready);
    expect(10, QUOLL_ERESET);
    expect(11, QUOLL_ERESET);
    expect(12, QUOLL_ERESET);
    expect_nothing();
    assert_int_equal(block_client_room(&disk), QUOTA - 1);
    block_client_publish(&disk);
    reply(asked().id, QUOLL_OK);
    expect(13, QUOLL_OK);
    expect_nothing();

    /* And once more. */
    assert_int_equal(block_flush(&disk, 30), QUOLL_OK);
    block_client_publish(&disk);
    fake_peer_tell(&virt, &starting, sizeof starting);
    fake_peer_new_life(&virt);
    assert_true(block_client_wake(&disk, virt.config->channel));
    expect_nothing();
    fake_peer_tell(&virt, &ready, sizeof ready);
    expect(30, QUOLL_ERESET);
}

static void a_virtualiser_that_has_no_disk_has_spoken_too(void **state)
{
    struct block_info none = {.error = QUOLL_EIO};

    (void)state;
    assert_int_equal(block_flush(&disk, 5), QUOLL_OK);
    fake_peer_tell(&virt, &none, sizeof none);
    fake_peer_new_life(&virt);
    assert_true(block_client_wake(&disk, virt.config->channel));
    expect(5, QUOLL_ERESET);
}

static void what_was_not_published_is_lost_like_the_rest(void **state)
{
    (void)state;
    assert_int_equal(block_flush(&disk, 5), QUOLL_OK);
    fake_peer_new_life(&virt);
    block_client_publish(&disk);
    assert_int_equal(queue_look(&virt.in), 0);
    expect(5, QUOLL_ERESET);
    expect_nothing();
}

static void a_virtualiser_that_gives_no_slots_back_is_waited_for(void **state)
{
    struct block_request request;
    struct block_response done;

    (void)state;
    assert_int_equal(block_flush(&disk, 99), QUOLL_OK);
    block_client_publish(&disk);
    reply(asked().id, QUOLL_OK);
    expect(99, QUOLL_OK);
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(block_flush(&disk, i), QUOLL_OK);
        block_client_publish(&disk);
        assert_true(queue_look(&virt.in) > 0 && block_requests_take(&virt.in, &request));
        reply(request.id, QUOLL_OK);
        assert_true(block_client_next(&disk, &done));
        assert_true(block_client_sleep(&disk));
    }
    assert_int_equal(block_flush(&disk, 16), QUOLL_EBUSY);
    assert_true(queue_release(&virt.in)); /* notifies */
    assert_int_equal(block_flush(&disk, 16), QUOLL_OK);
}

static void a_broken_virtualiser_is_silent(void **state)
{
    (void)state;
    virt.half->produce.tail += 1000;
    expect_nothing();
    assert_true(block_client_sleep(&disk));
    assert_int_equal(fake_link_count(&virt, COUNT_BROKEN), 1);
}

static void sleeping_sees_what_came_meanwhile(void **state)
{
    (void)state;
    assert_int_equal(block_flush(&disk, 1), QUOLL_OK);
    block_client_publish(&disk);
    assert_true(block_client_sleep(&disk));
    reply(0, QUOLL_OK);
    assert_false(block_client_sleep(&disk));
    expect(1, QUOLL_OK);
    assert_true(block_client_sleep(&disk));
}

static bool told;

static void the_place_is_given_back(void)
{
    told = queue_release(&virt.in);
}

/* The queue has one place, which the virtualiser gives back after it has answered. */
static void no_room_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        struct block_request request;
        struct block_response done;
        enum quoll_error answer;

        fake_reset();
        memset(&disk, 0, sizeof disk);
        fake_link(&virt, LINK_BLOCK_CLIENT, "disk", 1, sizeof(struct block_request), 16,
                  sizeof(struct block_response));
        fake_region(&virt.config->data, DATA_SIZE, 0x1000);
        virt.config->settings.block.quota = QUOTA;
        assert_int_equal(block_client_open(&disk, "disk"), QUOLL_OK);
        fake_peer_up(&virt);
        fake_peer_tell(&virt, &ready, sizeof ready);
        assert_int_equal(block_read(&disk, 0, 1, 0, 1), QUOLL_OK);
        block_client_publish(&disk);
        assert_int_equal(queue_look(&virt.in), 1);
        assert_true(block_requests_take(&virt.in, &request));
        reply(request.id, QUOLL_OK);
        assert_true(block_client_next(&disk, &done));
        told = false;
        meanwhile(n, the_place_is_given_back);
        answer = block_read(&disk, 1, 1, 0, 2);
        more = meanwhile_done();
        assert_int_equal(answer, more ? QUOLL_OK : QUOLL_EBUSY);
        if (!more) {
            the_place_is_given_back();
            assert_true(told);
            assert_int_equal(block_read(&disk, 1, 1, 0, 2), QUOLL_OK);
        }
        fake_finish();
    }
}

static void an_answer_comes(void)
{
    assert_true(queue_look_for_room(&virt.out) > 0);
    assert_true(block_responses_put(&virt.out, &(struct block_response){.id = 0}));
    told = queue_publish(&virt.out);
}

static void no_answer_is_overslept(void **state)
{
    struct block_response done;
    bool more = true, asleep;

    for (unsigned n = 1; more; n++) {
        (void)set_up(state);
        for (unsigned before = 0; before < 2; before++) { /* so that the indices are not all 0 */
            assert_int_equal(block_read(&disk, 0, 1, 0, 1), QUOLL_OK);
            block_client_publish(&disk);
            if (before == 0) {
                an_answer_comes();
                assert_true(block_client_next(&disk, &done));
            }
        }
        told = false;
        meanwhile(n, an_answer_comes);
        asleep = block_client_sleep(&disk);
        more = meanwhile_done();
        assert_true(!more || !asleep || told);
        assert_true(block_client_next(&disk, &done) == more);
        (void)tear_down(state);
    }
}

static void it_answers_once_more(const volatile void *at)
{
    const struct block_response response = {.id = 3};

    if (at == &virt.half->produce.tail) {
        ONE_MORE(block_responses, &virt, &response);
    }
}

/* As programs do it: until there is nothing left. */
static void a_virtualiser_that_always_has_one_more_is_cut_off(void **state)
{
    struct block_response done;

    (void)state;
    endless(it_answers_once_more);
    do {
        assert_false(block_client_next(&disk, &done));
    } while (!block_client_sleep(&disk));
    assert_true(endless_turns <= REFUSED_MAX + 4U);
    assert_int_equal(fake_link_count(&virt, COUNT_REFUSED), REFUSED_MAX + 1U);
    assert_int_equal(fake_link_count(&virt, COUNT_BROKEN), 1);
    enough();
    fake_peer_new_life(&virt);
    assert_true(block_client_wake(&disk, virt.config->channel));
    assert_int_equal(block_read(&disk, 5, 2, 1024, 77), QUOLL_OK);
    block_client_publish(&disk);
    reply(asked().id, QUOLL_OK);
    expect(77, QUOLL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(a_disk_is_found_by_its_name),
        IN_A_PD(information_is_passed_on),
        IN_A_PD(requests_are_what_was_asked),
        IN_A_PD(the_quota_is_the_librarys_limit),
        IN_A_PD(answers_to_what_was_not_asked_are_skipped),
        IN_A_PD(a_new_virtualiser_reports_what_was_lost_once_it_has_spoken),
        IN_A_PD(a_virtualiser_that_has_no_disk_has_spoken_too),
        IN_A_PD(what_was_not_published_is_lost_like_the_rest),
        IN_A_PD(a_virtualiser_that_gives_no_slots_back_is_waited_for),
        IN_A_PD(a_broken_virtualiser_is_silent),
        IN_A_PD(sleeping_sees_what_came_meanwhile),
        cmocka_unit_test(no_room_is_overslept),
        cmocka_unit_test(no_answer_is_overslept),
        IN_A_PD(a_virtualiser_that_always_has_one_more_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
