/* SPDX-License-Identifier: BSD-2-Clause */
/* The timer virtualiser with a driver and clients that rewrite everything while it reads. */
#include "racing.h"

#include "core/pd.c"
#include "timer/virt.c"

static struct fake_peer driver, clients[2];
static struct racer all[3];

static void make_request(void *entry)
{
    *(struct timer_request *)entry = (struct timer_request){
        .id = racing_draw(TIMER_IDS + 4U),
        .operation = racing_draw(5),
        .when = racing_draw(100000),
        .period = racing_draw(3) == 0 ? TIMER_PERIOD_MIN + racing_draw(5000) : 0};
}

static void make_expiry(void *entry)
{
    *(struct timer_expiry *)entry = (struct timer_expiry){.count = racing_draw(3)};
}

/* The heap is one: each node is where it says, and no child before its parent. */
static void check(void)
{
    const struct heap *heap = &virt.heap;

    assert_true(heap->count <= heap->capacity);
    for (uint32_t at = 0; at < heap->count; at++) {
        const struct timeout *timeout = (const struct timeout *)heap->nodes[at];
        assert_true(timeout->client < 2);
        assert_true(at == 0 || heap->nodes[(at - 1U) / 2U]->when <= heap->nodes[at]->when);
    }
}

static void racing_peers(void **state)
{
    (void)state;
    fake_reset();
    fake_step = 100;
    fake_link(&driver, LINK_TIMER_DEVICE, "driver", 16, sizeof(struct timer_request), 16,
              sizeof(struct timer_expiry));
    all[0] =
        (struct racer){.peer = &driver, .make = make_expiry, .entry = sizeof(struct timer_expiry)};
    for (unsigned i = 0; i < 2; i++) {
        fake_link(&clients[i], LINK_TIMER_CLIENT, "client", 32, sizeof(struct timer_expiry), 32,
                  sizeof(struct timer_request));
        all[i + 1] = (struct racer){
            .peer = &clients[i], .make = make_request, .entry = sizeof(struct timer_request)};
    }
    fake_region(&fake_config.own, 2 * TIMER_CLIENT_MEMORY, 0);
    init();
    race(all, 3, check);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_peers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
