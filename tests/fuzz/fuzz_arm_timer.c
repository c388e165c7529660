/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Arm timer's driver with interrupts at any time and a virtualiser that may lie. An
 * honest virtualiser gets an expiry for what it asked, never early, and not twice; and
 * the level is taken back before an interrupt is acknowledged, or it would come for ever.
 */
#include <string.h>

#include "peer.h"

#pragma clang section bss = "zeroed"
#include "timer/drivers/arm_timer.c"
#pragma clang section bss = ""

#include <quoll/timer.h>

#define INTERRUPT 61U
#define MOST      600U

static struct fuzz_peer virt;
static bool virt_lies, waiting;
static uint64_t control, compare, asked_for;

static void fill_request(void *entry)
{
    struct timer_request request = {
        .id = fuzz_below(8) == 0,
        .operation = (uint32_t)fuzz_odd(TIMER_AT, TIMER_CANCEL),
        .when = fuzz_odd(fake_time, QUOLL_MS(1)),
        .period = fuzz_below(8) == 0,
    };

    memcpy(entry, &request, sizeof request);
}

void sim_timer_write(unsigned which, uint64_t value)
{
    FUZZ_CHECK(which == SIM_TIMER_CONTROL || which == SIM_TIMER_COMPARE);
    *(which == SIM_TIMER_CONTROL ? &control : &compare) = value;
}

/* No register of this device is in memory. */
uint64_t sim_mmio_read(const volatile void *at, unsigned size)
{
    (void)at, (void)size;
    FUZZ_CHECK(false);
}

void sim_mmio_write(volatile void *at, uint64_t value, unsigned size)
{
    (void)at, (void)value, (void)size;
    FUZZ_CHECK(false);
}

static bool raised(void)
{
    return control == CTL_ENABLE && compare <= quoll_ns_to_ticks(fake_time);
}

static void take_expiries(void)
{
    struct timer_expiry expiry;

    while (!virt_lies && fuzz_agreed(&virt) && queue_look(&virt.fake.in) > 0) {
        FUZZ_CHECK(timer_expiries_take(&virt.fake.in, &expiry));
        (void)queue_release(&virt.fake.in);
        FUZZ_CHECK(expiry.id == 0 && expiry.status == QUOLL_OK && expiry.count == 1);
        FUZZ_CHECK(waiting && asked_for <= fake_time);
        waiting = false;
    }
}

static void wake(void)
{
    fuzz_wake(&virt, MOST);
    take_expiries();
}

static void interrupt(void)
{
    fuzz_run(MOST, notified(INTERRUPT));
    FUZZ_CHECK(fake_acks(INTERRUPT) == 1 && !raised());
    take_expiries();
}

static void ask(void)
{
    struct timer_request request = {.operation = TIMER_AT, .when = fake_time + fuzz16()};

    if (fuzz_agreed(&virt) && queue_look_for_room(&virt.fake.out) > 0) {
        asked_for = request.when;
        waiting = true;
        (void)timer_requests_put(&virt.fake.out, &request);
        (void)queue_publish(&virt.fake.out);
        wake();
    }
}

static void virt_up(void)
{
    waiting = false;
    fake_peer_up(&virt.fake);
    wake();
}

static void set_up(void)
{
    fake_reset();
    control = compare = 0;
    fuzz_interrupt(INTERRUPT);
    fuzz_link(&virt, LINK_TIMER_DEVICE, "virt", 2, sizeof(struct timer_expiry), 4,
              sizeof(struct timer_request), fill_request);
    fuzz_run(MOST, init());
    (void)fake_acks(INTERRUPT);
    virt_up();
}

static void take_step(void)
{
    switch (fuzz8() % 6U) {
    case 0:
        fake_time += fuzz16();
        break;
    case 1:
        interrupt();
        break;
    case 2:
    case 3:
        if (virt_lies) {
            fuzz_hurt(&virt);
        } else {
            ask();
        }
        break;
    case 4:
        wake();
        break;
    default:
        if (fuzz8() % 2U == 0) {
            fuzz_restart(MOST);
            (void)fake_acks(INTERRUPT);
        }
        fake_lives[virt.fake.config->peer_pd] += 1;
        virt_up();
        break;
    }
}

/* The device's interrupt brings what was asked for. */
static void settle(void)
{
    fake_time += 70000;
    FUZZ_CHECK(!waiting || raised());
    interrupt();
    FUZZ_CHECK(!waiting);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    fuzz_begin(input, size);
    virt_lies = fuzz8() % 2U == 0;
    set_up();
    while (fuzz_more()) {
        take_step();
    }
    if (!virt_lies) {
        settle();
    }
    fake_finish();
    return 0;
}
