/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A protection domain's wake-up, as libmicrokit does it: init(), or notified() for each bit
 * of the badge, lowest channel first, or fault(). The one deferred signal goes out at the
 * end. Between wake-ups a thread's stack is empty, so each begins with a fresh one.
 */
#include <microkit.h>

#include <quoll/time.h>

#include "sim/pd/abi.h"

#define TICK_RATE 62500000U /* as QEMU's generic timer */

char microkit_name[MICROKIT_PD_NAME_LENGTH];
seL4_Bool microkit_have_signal;
seL4_CPtr microkit_signal_cap;

#pragma weak fault

void microkit_notify(microkit_channel channel)
{
    sim_notify(channel);
}

void microkit_irq_ack(microkit_channel channel)
{
    sim_irq_ack(channel);
}

void microkit_deferred_notify(microkit_channel channel)
{
    microkit_have_signal = seL4_True;
    microkit_signal_cap = BASE_OUTPUT_NOTIFICATION_CAP + channel;
}

void microkit_deferred_irq_ack(microkit_channel channel)
{
    microkit_have_signal = seL4_True;
    microkit_signal_cap = BASE_IRQ_CAP + channel;
}

void microkit_dbg_putc(int character)
{
    microkit_dbg_puts((const char[]){(char)character, '\0'});
}

void microkit_dbg_put32(uint32_t number)
{
    char digits[11];
    unsigned at = sizeof digits - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10U);
        number /= 10U;
    } while (number != 0);
    microkit_dbg_puts(&digits[at]);
}

void microkit_dbg_put8(uint8_t number)
{
    microkit_dbg_put32(number);
}

uint64_t quoll_ticks(void)
{
    return sim_counter();
}

uint64_t quoll_tick_rate(void)
{
    return TICK_RATE;
}

static void send_deferred(void)
{
    if (!microkit_have_signal) {
        return;
    }
    microkit_have_signal = seL4_False;
    if (microkit_signal_cap >= BASE_IRQ_CAP) {
        sim_irq_ack((unsigned)(microkit_signal_cap - BASE_IRQ_CAP));
    } else {
        sim_notify((unsigned)(microkit_signal_cap - BASE_OUTPUT_NOTIFICATION_CAP));
    }
}

static void handle_fault(microkit_child child)
{
    microkit_msginfo reply = {0};

    (void)fault(child, microkit_msginfo_new(sim_fault_label(), 0), &reply);
}

static void wake(uint64_t badge)
{
    if (badge == 0) {
        init();
    } else if ((badge & SIM_BADGE_FAULT) != 0) {
        handle_fault((microkit_child)(badge & ~SIM_BADGE_FAULT));
    } else {
        for (microkit_channel channel = 0; badge != 0; badge >>= 1, channel++) {
            if ((badge & 1U) != 0) {
                notified(channel);
            }
        }
    }
    send_deferred();
}

#pragma weak sim_before_restart
void sim_before_restart(void);

struct sim_program sim_program = {
    .wake = wake, .name = microkit_name, .before_restart = sim_before_restart};
