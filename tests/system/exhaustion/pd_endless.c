/* SPDX-License-Identifier: BSD-2-Clause */
/* Never comes to the end of its start, with all its links open. */
#include <quoll/pd.h>
#include <quoll/serial_client.h>
#include <quoll/timer_client.h>

static struct serial_client console;
static struct timer_client timer;

void pd_start(void)
{
    serial_client_open(&console, "console");
    timer_client_open(&timer, "clock");
    for (;;) {
        __asm__ volatile("" : : : "memory");
    }
}

void pd_wake(microkit_channel channel)
{
    (void)channel;
}
