/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer virtualiser, with a hostile client or a hostile driver. Whoever lies, the heap
 * is one, no expiry comes early or for what was not asked; and with an honest driver, the
 * honest client's timeouts all come.
 */
#include <string.h>

#include "peer.h"

#pragma clang section bss = "zeroed"
#include "timer/virt.c"
#pragma clang section bss = ""

#define MOST 3000U

static struct fuzz_peer driver, first, second;
static bool driver_lies, first_lies;
static uint64_t due[TIMER_IDS]; /* of the honest client; 0: none */
static uint64_t alarm_at;       /* what the honest driver was asked for; 0: nothing */

static void fill_request(void *entry)
{
    struct timer_request request = {
        .id = (uint32_t)fuzz_odd(fuzz_below(4), TIMER_IDS),
        .operation = (uint32_t)fuzz_odd(1U + fuzz_below(3), TIMER_CANCEL),
        .when = fuzz_odd(fake_time, QUOLL_MS(1)),
        .period = fuzz8() < 128 ? 0 : fuzz_odd(TIMER_PERIOD_MIN, TIMER_PERIOD_MIN),
    };

    memcpy(entry, &request, sizeof request);
}

static void fill_expiry(void *entry)
{
    struct timer_expiry expiry = {(uint32_t)fuzz_odd(0, 1), -(int32_t)fuzz_below(3), fuzz64()};

    memcpy(entry, &expiry, sizeof expiry);
}

/* ---- What must hold ---- */

static void check_heap(void)
{
    const struct heap *heap = &virt.heap;

    FUZZ_CHECK(heap->count <= 2 * TIMER_IDS);
    for (uint32_t i = 0; i < heap->count; i++) {
        FUZZ_CHECK(heap->nodes[i]->place == i + 1);
        FUZZ_CHECK(i == 0 || heap->nodes[(i - 1) / 2]->when <= heap->nodes[i]->when);
        FUZZ_CHECK(heap->nodes[i]->when > fake_time || heap->nodes[i]->when == NEVER);
    }
    for (unsigned c = 0; c < virt.clients; c++) {
        for (uint32_t id = 0; id < TIMER_IDS; id++) {
            const struct timeout *timeout = &virt.client[c].timeout[id];

            FUZZ_CHECK(timeout->client == c);
            FUZZ_CHECK(!heap_has(&timeout->node) || virt.client[c].link.up);
            FUZZ_CHECK((timeout->expired != 0) == ((virt.client[c].untold >> id & 1U) != 0));
        }
    }
}

static void wake(const struct fuzz_peer *peer)
{
    fuzz_wake(peer, MOST);
    check_heap();
}

/* ---- Honest peers ---- */

static void drive(void)
{
    struct timer_request request;

    while (!driver_lies && queue_look(&driver.fake.in) > 0) {
        FUZZ_CHECK(timer_requests_take(&driver.fake.in, &request));
        (void)queue_release(&driver.fake.in);
        FUZZ_CHECK(request.id == 0 && request.period == 0);
        FUZZ_CHECK(request.operation == TIMER_AT || request.operation == TIMER_CANCEL);
        alarm_at = request.operation == TIMER_AT ? request.when : 0;
    }
    if (!driver_lies && alarm_at != 0 && alarm_at <= fake_time) {
        alarm_at = 0;
        FUZZ_CHECK(queue_look_for_room(&driver.fake.out) > 0);
        (void)timer_expiries_put(&driver.fake.out, &(struct timer_expiry){.count = 1});
        (void)queue_publish(&driver.fake.out);
        wake(&driver);
    }
}

static void set_timeout(uint32_t id, uint64_t when)
{
    struct timer_request request = {.id = id, .operation = TIMER_AT, .when = when};

    if (fuzz_agreed(&second) && due[id] == 0 && queue_look_for_room(&second.fake.out) > 0) {
        due[id] = when;
        (void)timer_requests_put(&second.fake.out, &request);
        (void)queue_publish(&second.fake.out);
        wake(&second);
    }
}

static void take_expiries_as_second(void)
{
    struct timer_expiry expiry;

    while (fuzz_agreed(&second) && queue_look(&second.fake.in) > 0) {
        FUZZ_CHECK(timer_expiries_take(&second.fake.in, &expiry));
        (void)queue_release(&second.fake.in);
        FUZZ_CHECK(expiry.id < TIMER_IDS && expiry.status == QUOLL_OK && expiry.count == 1);
        FUZZ_CHECK(due[expiry.id] != 0 && due[expiry.id] <= fake_time);
        due[expiry.id] = 0;
    }
    (void)(fuzz_agreed(&second) && queue_sleep(&second.fake.in));
}

static void second_up(void)
{
    memset(due, 0, sizeof due);
    fake_peer_up(&second.fake);
    wake(&second);
}

static void driver_up(void)
{
    alarm_at = 0;
    fake_peer_up(&driver.fake);
    wake(&driver);
    drive();
}

/* ---- A run ---- */

static void set_up(void)
{
    fake_reset();
    fuzz_link(&driver, LINK_TIMER_DEVICE, "clock", 16, sizeof(struct timer_request), 16,
              sizeof(struct timer_expiry), fill_expiry);
    fuzz_link(&first, LINK_TIMER_CLIENT, "first", 16, sizeof(struct timer_expiry), 16,
              sizeof(struct timer_request), fill_request);
    fuzz_link(&second, LINK_TIMER_CLIENT, "second", 16, sizeof(struct timer_expiry), 16,
              sizeof(struct timer_request), fill_request);
    fake_region(&fake_config.own, 2 * TIMER_CLIENT_MEMORY, 0);
    fuzz_run(MOST, init());
    fake_peer_up(&first.fake);
    second_up();
    driver_up();
}

static void new_lives(void)
{
    uint8_t who = fuzz8();

    if (who % 3U == 0) {
        fuzz_restart(MOST);
    }
    if (who % 3U != 1) {
        fake_lives[driver.fake.config->peer_pd] += 1;
        driver_up();
    }
    if (who % 3U != 2) {
        fake_lives[second.fake.config->peer_pd] += 1;
        second_up();
    }
}

static void take_step(void)
{
    switch (fuzz8() % 11U) {
    case 0:
        if (driver_lies) {
            fuzz_hurt(&driver);
        }
        drive();
        break;
    case 1:
        wake(&driver);
        break;
    case 2:
    case 3:
    case 4:
        if (first_lies) {
            fuzz_hurt(&first);
        }
        break;
    case 5:
        wake(&first);
        break;
    case 6:
        set_timeout(fuzz_below(TIMER_IDS), fake_time + 1U + fuzz16());
        break;
    case 7:
        take_expiries_as_second();
        break;
    case 8:
        fake_time += fuzz16();
        drive();
        break;
    case 9:
        fake_time = fake_time < UINT64_MAX / 2 ? fake_time + fuzz_odd(1, QUOLL_MS(1)) % QUOLL_S(9)
                                               : fake_time;
        break;
    default:
        new_lives();
        break;
    }
}

/* With an honest driver, what the honest client has set comes in its time. */
static void settle(void)
{
    fake_lives[driver.fake.config->peer_pd] += 1;
    driver_up();
    for (unsigned n = 0; n < 2 * TIMER_IDS; n++) {
        fake_time += 1024;
        drive();
        take_expiries_as_second();
        wake(&second);
        drive();
    }
    for (uint32_t id = 0; id < TIMER_IDS; id++) {
        FUZZ_CHECK(due[id] == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    fuzz_begin(input, size);
    uint8_t who = fuzz8();

    driver_lies = who % 3U == 0 || who >= 192;
    first_lies = who % 3U != 1 || who >= 128;
    set_up();
    while (fuzz_more()) {
        take_step();
    }
    if (!driver_lies) {
        settle();
    }
    fake_finish();
    return 0;
}
