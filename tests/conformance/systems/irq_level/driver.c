/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static unsigned interrupts, wakes;

static void timer_set(uint64_t ticks)
{
    __asm__ volatile("msr cntp_tval_el0, %0" : : "r"(ticks));
    __asm__ volatile("msr cntp_ctl_el0, %0\n isb" : : "r"(1UL));
}

static void timer_off(void)
{
    __asm__ volatile("msr cntp_ctl_el0, %0\n isb" : : "r"(0UL));
}

void init(void)
{
    timer_set(microseconds(1000));
    microkit_notify(1);
}

/* The waker spins 5 ms between its notifications: time enough for an interrupt that
 * is not masked. */
static void step(void)
{
    say_number("interrupts so far", interrupts);
    switch (++wakes) {
    case 1: /* asserted and not acknowledged */
    case 3:
        microkit_notify(1);
        break;
    case 2:
        say("acknowledges while it is asserted");
        microkit_irq_ack(7);
        microkit_notify(1);
        break;
    case 4:
        say("acknowledges after it is quiet");
        timer_off();
        microkit_deferred_irq_ack(7);
        microkit_notify(1);
        break;
    case 5:
        say("sets the timer again");
        timer_set(microseconds(1000));
        microkit_notify(1);
        break;
    default:
        say_end();
    }
}

void notified(microkit_channel ch)
{
    if (ch == 7) {
        interrupts++;
    } else {
        step();
    }
}
