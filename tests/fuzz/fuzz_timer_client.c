/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A timer client's library with a hostile virtualiser: an expiry is reported only for a
 * timeout that runs, never early, a one-shot once; and the virtualiser is told of each
 * timeout as it was set.
 */
#include <string.h>

#include "peer.h"

#include <quoll/time.h>
#include <quoll/timer_client.h>

#define MOST 1000U
#define IDS  6U

#pragma clang section bss = "zeroed"
static struct timer_client timer;
#pragma clang section bss = ""

static struct fuzz_peer virt;
static struct {
    bool running;
    uint64_t when, period;
} wanted[IDS];

static void fill_expiry(void *entry)
{
    struct timer_expiry expiry = {(uint32_t)fuzz_odd(fuzz_below(IDS), TIMER_IDS),
                                  -(int32_t)(fuzz_below(8) == 0), fuzz_odd(1, 1)};

    memcpy(entry, &expiry, sizeof expiry);
}

static void take(const struct timer_expiry *expiry)
{
    uint32_t id = expiry->id;

    FUZZ_CHECK(id < IDS && wanted[id].running);
    if (expiry->status != QUOLL_OK) {
        wanted[id].running = false;
        return;
    }
    FUZZ_CHECK(wanted[id].when <= fake_time);
    if (wanted[id].period == 0) {
        wanted[id].running = false;
        return;
    }
    FUZZ_CHECK(expiry->count == (fake_time - wanted[id].when) / wanted[id].period + 1);
    wanted[id].when += expiry->count * wanted[id].period;
}

void pd_start(void)
{
    FUZZ_CHECK(timer_client_open(&timer, NULL) == QUOLL_OK);
}

void pd_wake(microkit_channel channel)
{
    struct timer_expiry expiry;

    FUZZ_CHECK(timer_client_wake(&timer, channel));
    for (unsigned n = 0; n < 1000 && timer_client_next(&timer, &expiry); n++) {
        take(&expiry);
    }
}

static void set(uint32_t id)
{
    uint64_t when = fake_time + fuzz16();
    uint64_t period = fuzz8() % 2U == 0 ? 0 : TIMER_PERIOD_MIN + fuzz16();
    enum quoll_error error = QUOLL_EINVALID;

    if (period == 0) {
        fuzz_run(MOST, error = timer_set(&timer, id, when));
    } else {
        fuzz_run(MOST, error = timer_set_periodic(&timer, id, when, period));
    }
    FUZZ_CHECK(error == QUOLL_OK);
    wanted[id].running = true;
    wanted[id].when = when;
    wanted[id].period = period;
}

static void check(void)
{
    struct timer_request request;

    for (uint32_t id = 0; id < TIMER_IDS; id++) {
        FUZZ_CHECK(timer_running(&timer, id) == (id < IDS && wanted[id].running));
    }
    while (fuzz_watch(&virt, &request)) {
        FUZZ_CHECK(request.id < IDS);
        FUZZ_CHECK(request.operation == TIMER_AT || request.operation == TIMER_CANCEL);
    }
}

static void set_up(void)
{
    fake_reset();
    memset(wanted, 0, sizeof wanted);
    fuzz_link(&virt, LINK_TIMER_CLIENT, "clock", 8, sizeof(struct timer_request), 8,
              sizeof(struct timer_expiry), fill_expiry);
    fuzz_run(MOST, init());
    fake_peer_up(&virt.fake);
    fuzz_wake(&virt, MOST);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    fuzz_begin(input, size);
    set_up();
    while (fuzz_more()) {
        uint32_t id = fuzz_below(IDS);

        switch (fuzz8() % 6U) {
        case 0:
        case 1:
            fuzz_hurt(&virt);
            break;
        case 2:
            set(id);
            break;
        case 3:
            fuzz_run(MOST, (void)timer_cancel(&timer, id));
            wanted[id].running = false;
            break;
        case 4:
            fake_time += fuzz16();
            break;
        default:
            fuzz_wake(&virt, MOST);
            break;
        }
        check();
    }
    fake_finish();
    return 0;
}
