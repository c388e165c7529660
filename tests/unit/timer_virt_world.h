/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer virtualiser between a driver and two clients, all played by the test. One test
 * program includes it once.
 */
#ifndef TIMER_VIRT_WORLD_H
#define TIMER_VIRT_WORLD_H

#include <string.h>

#include "fake_pd.h"

#include "core/pd.c"
#include "timer/virt.c"

#define START    QUOLL_S(1) /* fake_reset()'s time */
#define EXPIRIES 8          /* room in a client's queue */
#define REQUESTS 16

static struct fake_peer driver, a, b;

__attribute__((unused)) static int set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(&virt, 0, sizeof virt);
    fake_link(&driver, LINK_TIMER_DEVICE, "clock", 4, sizeof(struct timer_request), 4,
              sizeof(struct timer_expiry));
    fake_link(&a, LINK_TIMER_CLIENT, "a", EXPIRIES, sizeof(struct timer_expiry), REQUESTS,
              sizeof(struct timer_request));
    fake_link(&b, LINK_TIMER_CLIENT, "b", EXPIRIES, sizeof(struct timer_expiry), REQUESTS,
              sizeof(struct timer_request));
    memset(fake_region(&fake_config.own, 2 * TIMER_CLIENT_MEMORY, 0), 0xa5,
           2 * TIMER_CLIENT_MEMORY);
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    fake_peer_up(&b);
    notified(driver.config->channel);
    for (unsigned channel = 0; channel < 3; channel++) {
        (void)fake_signals(channel);
    }
    return 0;
}

__attribute__((unused)) static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

__attribute__((unused)) static void ask(struct fake_peer *client, uint32_t id, uint32_t operation,
                                        uint64_t when, uint64_t period)
{
    struct timer_request request = {
        .id = id, .operation = operation, .when = when, .period = period};

    fake_put(timer_requests, client, &request);
}

__attribute__((unused)) static void wake(const struct fake_peer *peer)
{
    notified(peer->config->channel);
}

__attribute__((unused)) static void ask_and_wake(struct fake_peer *client, uint32_t id,
                                                 uint32_t operation, uint64_t when, uint64_t period)
{
    ask(client, id, operation, when, period);
    wake(client);
}

__attribute__((unused)) static void at(uint64_t time)
{
    fake_time = time;
    wake(&driver);
}

__attribute__((unused)) static void expect_expiry(struct fake_peer *client, uint32_t id,
                                                  uint64_t times)
{
    struct timer_expiry expiry;

    fake_take(timer_expiries, client, &expiry);
    assert_int_equal(expiry.id, id);
    assert_int_equal(expiry.status, QUOLL_OK);
    assert_int_equal(expiry.count, times);
}

__attribute__((unused)) static void expect_refusal(struct fake_peer *client, uint32_t id)
{
    struct timer_expiry expiry;

    fake_take(timer_expiries, client, &expiry);
    assert_int_equal(expiry.id, id);
    assert_int_equal(expiry.status, QUOLL_EINVALID);
    assert_int_equal(expiry.count, 0);
}

__attribute__((unused)) static void expect_nothing(struct fake_peer *client)
{
    assert_int_equal(queue_look(&client->in), 0);
    assert_false(client->in.broken);
}

__attribute__((unused)) static void expect_armed(uint64_t when)
{
    struct timer_request request;

    fake_take(timer_requests, &driver, &request);
    assert_int_equal(request.id, 0);
    assert_int_equal(request.operation, TIMER_AT);
    assert_int_equal(request.when, when);
    assert_int_equal(request.period, 0);
}

__attribute__((unused)) static void expect_disarmed(void)
{
    struct timer_request request;

    fake_take(timer_requests, &driver, &request);
    assert_int_equal(request.id, 0);
    assert_int_equal(request.operation, TIMER_CANCEL);
}

#endif
