/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tries to run what it has written itself, in each kind of memory that it can write, and to
 * write where its code is: a life for each. If any of it worked, the composer's scan of
 * programs would be worth nothing.
 */
#include <stdatomic.h>

#include <quoll/counters.h>
#include <quoll/log.h>
#include <quoll/pd.h>
#include <quoll/serial_client.h>
#include <quoll/time.h>
#include <quoll/timer_client.h>

#define RET 0xd65f03c0U

static struct serial_client console;
static struct timer_client timer;
static uint32_t variable[16];

static uint32_t life(void)
{
    const _Atomic uint32_t *lives = (const _Atomic uint32_t *)(uintptr_t)quoll_config.lives;

    return lives[quoll_config.pd];
}

static void run(uint32_t *at)
{
    quoll_log("runs 0x%lx", (unsigned long)(uintptr_t)at);
    *(volatile uint32_t *)at = RET;
    __asm__ volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0\n\tdsb ish\n\tisb"
                     :
                     : "r"(at)
                     : "memory");
    ((void (*)(void))(uintptr_t)at)();
    quoll_log("WAS NOT STOPPED");
}

static void try(void)
{
    uint32_t local[16];

    switch (life()) {
    case 0:
        run(variable);
        break;
    case 1:
        run(local);
        break;
    case 2:
        run((uint32_t *)(uintptr_t)counters());
        break;
    case 3:
        quoll_log("writes 0x%lx", (unsigned long)(uintptr_t)&run);
        *(volatile uint32_t *)(uintptr_t)&run = RET;
        quoll_log("WAS NOT STOPPED");
        break;
    default:
        quoll_log("gave it up");
        break;
    }
}

void pd_start(void)
{
    serial_client_open(&console, "console");
    serial_client_log(&console);
    timer_client_open(&timer, "clock");
    timer_set_after(&timer, 0, QUOLL_MS(20));
}

void pd_wake(microkit_channel channel)
{
    struct timer_expiry expiry;

    serial_client_wake(&console, channel);
    timer_client_wake(&timer, channel);
    while (timer_client_next(&timer, &expiry)) {
        try();
    }
}
