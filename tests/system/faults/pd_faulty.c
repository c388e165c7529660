/* SPDX-License-Identifier: BSD-2-Clause */
/* A different fault in each of its first lives, 20 ms after it started; then none. */
#include <stdatomic.h>

#include <quoll/log.h>
#include <quoll/pd.h>
#include <quoll/serial_client.h>
#include <quoll/time.h>
#include <quoll/timer_client.h>

static struct serial_client console;
static struct timer_client timer;
static unsigned dirty; /* must be zero in each life */

static uint32_t life(void)
{
    const _Atomic uint32_t *lives = (const _Atomic uint32_t *)(uintptr_t)quoll_config.lives;

    return lives[quoll_config.pd];
}

static void misbehave(void)
{
    switch (life()) {
    case 0:
        *(volatile uint32_t *)0x12345678 = 1;
        break;
    case 1:
        (void)*(const volatile uint32_t *)0x2468000;
        break;
    case 2:
        ((void (*)(void))0x3000)();
        break;
    case 3:
        __builtin_trap();
    default:
        quoll_log("well at last");
        break;
    }
}

void pd_start(void)
{
    serial_client_open(&console, "console");
    serial_client_log(&console);
    timer_client_open(&timer, "clock");
    timer_set_after(&timer, 0, QUOLL_MS(20));
    quoll_log("life %u, %s", life() + 1, dirty == 0 ? "clean" : "DIRTY");
    dirty = 77;
}

void pd_wake(microkit_channel channel)
{
    struct timer_expiry expiry;

    serial_client_wake(&console, channel);
    timer_client_wake(&timer, channel);
    while (timer_client_next(&timer, &expiry)) {
        misbehave();
    }
}
