/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Holds the processor where it waits for an interrupt or an event, for ever (Arm DDI 0487,
 * D1.16: a kernel may let user level do so). Not more than a spin may come of it.
 */
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
        __asm__ volatile("wfi\n\twfe\n\tyield" : : : "memory");
    }
}

void pd_wake(microkit_channel channel)
{
    (void)channel;
}
