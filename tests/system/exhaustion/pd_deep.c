/* SPDX-License-Identifier: BSD-2-Clause */
/* Uses up its stack in its first life: says where the stack is, and goes on downwards. */
#include <stdatomic.h>

#include <quoll/log.h>
#include <quoll/pd.h>
#include <quoll/serial_client.h>
#include <quoll/time.h>
#include <quoll/timer_client.h>

static struct serial_client console;
static struct timer_client timer;

static uint32_t life(void)
{
    const _Atomic uint32_t *lives = (const _Atomic uint32_t *)(uintptr_t)quoll_config.lives;

    return lives[quoll_config.pd];
}

/* Each word below, as calls without end would. */
static void go_down(void)
{
    volatile uint64_t *word = (volatile uint64_t *)((uintptr_t)__builtin_frame_address(0) & ~7UL);

    for (;;) {
        word -= 1;
        *word = 0;
    }
}

void pd_start(void)
{
    serial_client_open(&console, "console");
    serial_client_log(&console);
    timer_client_open(&timer, "clock");
    timer_set_after(&timer, 0, QUOLL_MS(20));
    if (life() == 0) {
        quoll_log("stack ends at 0x%lx", (unsigned long)quoll_config.stack_top);
    } else {
        quoll_log("well again");
    }
}

void pd_wake(microkit_channel channel)
{
    struct timer_expiry expiry;

    serial_client_wake(&console, channel);
    timer_client_wake(&timer, channel);
    while (timer_client_next(&timer, &expiry)) {
        if (life() == 0) {
            go_down();
        }
    }
}
