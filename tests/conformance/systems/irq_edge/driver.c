/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static unsigned interrupts, wakes;

static void timer_set(uint64_t ticks)
{
    __asm__ volatile("msr cntp_tval_el0, %0" : : "r"(ticks));
    __asm__ volatile("msr cntp_ctl_el0, %0\n isb" : : "r"(1UL));
}

void init(void)
{
    timer_set(microseconds(1000));
    microkit_notify(1);
}

/* The waker spins 5 ms between its notifications. */
static void step(void)
{
    say_number("interrupts so far", interrupts);
    switch (++wakes) {
    case 1:
        say("acknowledges; the line stays up");
        microkit_irq_ack(7);
        break;
    case 2:
        say("sets the timer");
        timer_set(microseconds(1000));
        break;
    case 3:
        say("sets the timer, masked");
        timer_set(microseconds(1000));
        break;
    case 4:
        say("acknowledges");
        microkit_irq_ack(7);
        break;
    default:
        say_end();
    }
    microkit_notify(1);
}

void notified(microkit_channel ch)
{
    if (ch == 7) {
        interrupts++;
    } else {
        step();
    }
}
