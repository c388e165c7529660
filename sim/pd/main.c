/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A protection domain's wake-up, as libmicrokit does it: init(), or notified() for each bit
 * of the badge, lowest channel first, or fault(). The one deferred signal goes out at the
 * end. Between wake-ups a thread's stack is empty, so each begins with a fresh one.
 */
#include <stddef.h>

#include <microkit.h>

#include <quoll/time.h>

#include "sim/pd/abi.h"

#define TICK_RATE 62500000U /* as QEMU's generic timer */

char microkit_name[MICROKIT_PD_NAME_LENGTH];
seL4_Bool microkit_have_signal;
seL4_CPtr microkit_signal_cap;

#pragma weak fault
#pragma weak protected
#pragma weak sim_call /* not for drivers, which tests/driver runs without a kernel */
#pragma weak sim_reply

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

static microkit_msginfo unpack(uint64_t info)
{
    return microkit_msginfo_new(SIM_INFO_LABEL(info), (uint16_t)SIM_INFO_COUNT(info));
}

/* An event that the program has no entry point for. */
static _Noreturn void crash(const char *entry_point)
{
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(" is missing the '");
    microkit_dbg_puts(entry_point);
    microkit_dbg_puts("' entry point\n");
    __builtin_trap();
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

microkit_msginfo microkit_ppcall(microkit_channel channel, microkit_msginfo msginfo)
{
    return unpack(sim_call(channel, SIM_INFO(msginfo.label, msginfo.count)));
}

static bool answers_fault(microkit_child child)
{
    microkit_msginfo reply = {0};

    if (fault == NULL) {
        crash("fault");
    }
    if (!fault(child, unpack(sim_received()), &reply)) {
        return false;
    }
    sim_reply(SIM_INFO(reply.label, reply.count));
    return true;
}

static void answer_call(microkit_channel channel)
{
    if (protected == NULL) {
        crash("protected");
    }
    microkit_msginfo reply = protected(channel, unpack(sim_received()));

    sim_reply(SIM_INFO(reply.label, reply.count));
}

/* With an answer nothing that was deferred is sent: as the Microkit 2.0.1. */
static void wake(uint64_t badge)
{
    if (badge == 0) {
        init();
    } else if ((badge & SIM_BADGE_CALL) != 0) {
        answer_call((microkit_channel)(badge & ~SIM_BADGE_CALL));
        return;
    } else if ((badge & SIM_BADGE_FAULT) != 0) {
        if (answers_fault((microkit_child)(badge & ~SIM_BADGE_FAULT))) {
            return;
        }
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
