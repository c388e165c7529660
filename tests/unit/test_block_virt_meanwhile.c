/* SPDX-License-Identifier: BSD-2-Clause */
/* The block virtualiser's neighbours act while it goes to sleep: nothing is overslept. */
#include "meanwhile.h"

#include "block_virt_world.h"

static bool told;

static void a_asks_again(void)
{
    assert_true(queue_look_for_room(&a.out) > 0);
    assert_true(block_requests_put(
        &a.out, &(struct block_request){.id = 2, .operation = BLOCK_READ, .count = 1, .block = 5}));
    told = queue_publish(&a.out);
}

static void no_request_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        (void)set_up(NULL);
        ask(&a, good);
        told = false;
        meanwhile(n, a_asks_again);
        wake(&a);
        more = meanwhile_done();
        if (told) {
            wake(&a);
        }
        drive();
        assert_int_equal(number_got, more ? 2 : 1);
        (void)tear_down(NULL);
    }
}

static void a_reads_its_answers(void)
{
    struct block_response response;

    (void)queue_look(&a.in);
    while (block_responses_take(&a.in, &response)) {}
    told = queue_release(&a.in) || told;
}

/* The places for answers run out before the requests; the client reads while it is waited for. */
static void no_room_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        (void)set_up(NULL);
        ask(&a, (struct block_request){.operation = 99}); /* the indices are not all 0 */
        wake(&a);
        a_reads_its_answers();
        for (uint32_t id = 0; id < CLIENTS; id++) {
            ask(&a, (struct block_request){.id = id, .operation = 99});
            if (id < CLIENTS - 2U) {
                wake(&a);
            }
        }
        ask(&a, good);
        (void)fake_signals(a.config->channel);
        (void)queue_sleep(&a.in);
        told = false;
        meanwhile(n, a_reads_its_answers);
        wake(&a);
        more = meanwhile_done();
        a_reads_its_answers();
        (void)queue_sleep(&a.in);
        if (told) {
            told = false;
            wake(&a);
        }
        drive();
        assert_int_equal(number_got, 1);
        (void)tear_down(NULL);
    }
}

static void the_driver_answers_again(void)
{
    assert_true(queue_look_for_room(&driver.out) > 0);
    assert_true(
        block_responses_put(&driver.out, &(struct block_response){.id = got[1].id, .status = 0}));
    told = queue_publish(&driver.out);
}

static void no_answer_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        (void)set_up(NULL);
        ask(&a, good);
        ask(&a, (struct block_request){.id = 8, .operation = BLOCK_READ, .count = 1, .block = 1});
        wake(&a);
        drive();
        assert_int_equal(number_got, 2);
        reply(got[0].id, QUOLL_OK);
        told = false;
        meanwhile(n, the_driver_answers_again);
        wake(&driver);
        more = meanwhile_done();
        if (told) {
            wake(&driver);
        }
        assert_int_equal(queue_look(&a.in), more ? 2 : 1);
        (void)tear_down(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_request_is_overslept),
        cmocka_unit_test(no_room_is_overslept),
        cmocka_unit_test(no_answer_is_overslept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
