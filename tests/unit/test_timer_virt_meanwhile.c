/* SPDX-License-Identifier: BSD-2-Clause */
/* The timer virtualiser's neighbours act while it goes to sleep: nothing is overslept. */
#include <string.h>

#include "meanwhile.h"

#include "endless.h"

#include "core/pd.c"
#include "timer/virt.c"

#define START QUOLL_S(1) /* fake_reset()'s time */

static struct fake_peer driver, client, other;
static bool told;

/* With so many places for what the driver is asked and what the client is told. */
static void begin(uint32_t to_driver, uint32_t to_client)
{
    fake_reset();
    memset(&virt, 0, sizeof virt);
    fake_link(&driver, LINK_TIMER_DEVICE, "clock", to_driver, sizeof(struct timer_request), 4,
              sizeof(struct timer_expiry));
    fake_link(&client, LINK_TIMER_CLIENT, "client", to_client, sizeof(struct timer_expiry), 16,
              sizeof(struct timer_request));
    fake_link(&other, LINK_TIMER_CLIENT, "other", 4, sizeof(struct timer_expiry), 4,
              sizeof(struct timer_request));
    fake_region(&fake_config.own, 2 * TIMER_CLIENT_MEMORY, 0);
    init();
    fake_peer_up(&driver);
    fake_peer_up(&client);
    notified(driver.config->channel);
    notified(client.config->channel);
    told = false;
}

static void ask(uint32_t id, uint64_t when)
{
    const struct timer_request request = {.id = id, .operation = TIMER_AT, .when = when};

    assert_true(queue_look_for_room(&client.out) > 0);
    assert_true(timer_requests_put(&client.out, &request));
    told = queue_publish(&client.out);
}

static uint64_t armed; /* the last time that the driver was asked for */

static void the_driver_reads(void)
{
    struct timer_request request;

    (void)queue_look(&driver.in);
    while (timer_requests_take(&driver.in, &request)) {
        armed = request.when;
    }
    told = queue_release(&driver.in);
}

static void an_earlier_one_is_asked_for(void)
{
    ask(1, START + 1000);
}

static void no_request_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        begin(4, 8);
        ask(0, START + 2000);
        told = false;
        meanwhile(n, an_earlier_one_is_asked_for);
        notified(client.config->channel);
        more = meanwhile_done();
        if (told) {
            notified(client.config->channel);
        }
        the_driver_reads();
        assert_int_equal(armed, START + (more ? 1000 : 2000));
        fake_finish();
    }
}

/* The driver has not read the last request, and there is one place. */
static void no_room_with_the_driver_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        begin(1, 8);
        ask(2, START + 3000);
        notified(client.config->channel);
        the_driver_reads(); /* so that the indices are not all 0 */
        ask(0, START + 2000);
        notified(client.config->channel);
        ask(1, START + 1000);
        told = false;
        meanwhile(n, the_driver_reads);
        notified(client.config->channel);
        more = meanwhile_done();
        if (!more) {
            the_driver_reads();
        }
        if (told) {
            notified(driver.config->channel);
        }
        the_driver_reads();
        assert_int_equal(armed, START + 1000);
        fake_finish();
    }
}

static uint64_t expired; /* ids */

static void the_client_reads(void)
{
    struct timer_expiry expiry;

    (void)queue_look(&client.in);
    while (timer_expiries_take(&client.in, &expiry)) {
        expired |= 1U << expiry.id;
    }
    told = queue_release(&client.in) || told;
}

static void no_room_with_the_client_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        begin(4, 2);
        ask(3, START);
        notified(client.config->channel);
        the_client_reads(); /* so that the indices are not all 0 */
        expired = 0;
        for (uint32_t id = 0; id < 3; id++) {
            ask(id, START);
        }
        told = false;
        meanwhile(n, the_client_reads);
        notified(client.config->channel);
        more = meanwhile_done();
        the_client_reads();
        for (unsigned round = 0; round < 3 && told; round++) {
            told = false;
            notified(client.config->channel);
            the_client_reads();
        }
        assert_int_equal(expired, 7);
        fake_finish();
    }
}

static void the_driver_says_that_it_is_time(void)
{
    const struct timer_expiry expiry = {.count = 1};

    assert_true(queue_look_for_room(&driver.out) > 0);
    assert_true(timer_expiries_put(&driver.out, &expiry));
    fake_time += 2000;
    told = queue_publish(&driver.out);
}

/* The virtualiser is awake for one, and goes to sleep while the next is said. */
static void no_expiry_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        begin(4, 8);
        expired = 0;
        ask(0, START + 1000);
        ask(1, START + 3000);
        notified(client.config->channel);
        the_driver_says_that_it_is_time();
        told = false;
        meanwhile(n, the_driver_says_that_it_is_time);
        notified(driver.config->channel);
        more = meanwhile_done();
        if (told) {
            notified(driver.config->channel);
        }
        the_client_reads();
        assert_int_equal(expired, more ? 3 : 1);
        the_driver_says_that_it_is_time(); /* the clock may have told of that; of this: */
        assert_true(told);
        fake_finish();
    }
}

/* The other begins while the virtualiser is awake for somebody else, and waits in line. */
static void the_other_asks(void)
{
    const struct timer_request now = {.id = 5, .operation = TIMER_AT, .when = START};

    fake_peer_up(&other);
    fake_put(timer_requests, &other, &now);
}

static void a_client_asks_once_more(const volatile void *at)
{
    const struct timer_request request = {.id = 1, .operation = TIMER_AT, .when = START + 5000};

    if (queue_look(&other.in) > 0) {
        enough();
    } else if (at == &client.half->produce.tail) {
        ONE_MORE(timer_requests, &client, &request);
    }
}

static void a_client_that_always_asks_keeps_nobody_waiting(void **state)
{
    (void)state;
    begin(4, 8);
    ask(0, START + 2000);
    the_other_asks();
    endless(a_client_asks_once_more);
    notified(client.config->channel);
    assert_int_equal(queue_look(&other.in), 1);
    assert_true(endless_turns <= 2U * BATCH * ROUNDS);
    the_driver_reads();
    assert_int_equal(armed, START + 2000);
    fake_finish();
}

static void the_driver_says_it_once_more(const volatile void *at)
{
    const struct timer_expiry expiry = {.count = 1};

    if (queue_look(&other.in) > 0) {
        enough();
    } else if (at == &driver.half->produce.tail) {
        ONE_MORE(timer_expiries, &driver, &expiry);
    }
}

static void a_driver_that_always_speaks_keeps_nobody_waiting(void **state)
{
    (void)state;
    begin(4, 8);
    the_other_asks();
    endless(the_driver_says_it_once_more);
    notified(driver.config->channel);
    assert_int_equal(queue_look(&other.in), 1);
    assert_true(endless_turns <= 2U * ROUNDS + 2U);
    fake_finish();
}

static void the_client_wavers(const volatile void *at)
{
    waver_with_room(&client, at);
}

static void the_driver_wavers(const volatile void *at)
{
    waver_with_room(&driver, at);
}

static void room_that_is_shown_and_taken_back_keeps_nobody(void **state)
{
    (void)state;
    begin(4, 2);
    for (uint32_t id = 0; id < 3; id++) {
        ask(id, START);
    }
    begin_to_waver(&client);
    endless(the_client_wavers);
    notified(client.config->channel);
    assert_true(endless_turns < 20U);
    enough();
    fake_finish();

    begin(4, 8);
    ask(0, START + 1000);
    begin_to_waver(&driver);
    endless(the_driver_wavers);
    notified(client.config->channel);
    assert_true(endless_turns < 20U);
    enough();
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_request_is_overslept),
        cmocka_unit_test(no_room_with_the_driver_is_overslept),
        cmocka_unit_test(no_room_with_the_client_is_overslept),
        cmocka_unit_test(no_expiry_is_overslept),
        cmocka_unit_test(a_client_that_always_asks_keeps_nobody_waiting),
        cmocka_unit_test(a_driver_that_always_speaks_keeps_nobody_waiting),
        cmocka_unit_test(room_that_is_shown_and_taken_back_keeps_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
