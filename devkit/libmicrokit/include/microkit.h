/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Microkit's interface (2.0.1, without virtual machines): what a protection domain
 * provides, and what it may call.
 *
 * Channels, interrupts and children have numbers given by the system description, from
 * 0 to MICROKIT_MAX_CHANNEL_ID. A number that the PD does not have is refused with a
 * line on the debug console.
 */
#pragma once

#include <sel4/sel4.h>

typedef unsigned int microkit_channel;
typedef unsigned int microkit_child;
typedef seL4_MessageInfo_t microkit_msginfo;

/* Where things are in a PD's capability space. */
#define MONITOR_EP                   DEVKIT_HANDLE_PASSIVE
#define TCB_CAP                      6
#define ARM_SMC_CAP                  7
#define BASE_OUTPUT_NOTIFICATION_CAP DEVKIT_HANDLE_NOTIFY
#define BASE_ENDPOINT_CAP            DEVKIT_HANDLE_CALL
#define BASE_IRQ_CAP                 DEVKIT_HANDLE_IRQ
#define BASE_TCB_CAP                 DEVKIT_HANDLE_TCB
#define BASE_VM_TCB_CAP              266
#define BASE_VCPU_CAP                330

#define MICROKIT_MAX_CHANNELS   62
#define MICROKIT_MAX_CHANNEL_ID (MICROKIT_MAX_CHANNELS - 1)
#define MICROKIT_PD_NAME_LENGTH 64

/** Entry points of the PD; it must have the first two. */
void init(void);
void notified(microkit_channel ch);

/** A call came in on a channel; what is returned is the answer. */
microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo);

/** A child faulted. Return true to let it go on, with *reply_msginfo as the answer. */
seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo);

/** Written by the tool: the PD's name, and one bit for each number it has. */
extern char microkit_name[MICROKIT_PD_NAME_LENGTH];
extern seL4_Word microkit_irqs;
extern seL4_Word microkit_notifications;
extern seL4_Word microkit_pps;

/** The one thing put off until the PD next waits. */
extern seL4_Bool microkit_have_signal;
extern seL4_CPtr microkit_signal_cap;
extern seL4_MessageInfo_t microkit_signal_msg;

/** The debug console; without effect unless the configuration is `debug`. */
void microkit_dbg_putc(int c);
void microkit_dbg_puts(const char *s);
void microkit_dbg_put8(seL4_Uint8 x);
void microkit_dbg_put32(seL4_Uint32 x);

/** Say on the debug console that the PD has no such channel. */
void microkit_internal_refuse(microkit_channel ch, const char *function);

/** Whether `bits` has `ch`; if not, say so in the name of `function`. */
static inline seL4_Bool microkit_internal_check(seL4_Word bits, microkit_channel ch,
                                                const char *function)
{
    if (ch <= MICROKIT_MAX_CHANNEL_ID && (bits >> ch & 1) != 0) {
        return seL4_True;
    }
    microkit_internal_refuse(ch, function);
    return seL4_False;
}

/** Fault, with the error as the address. */
static inline void microkit_internal_crash(seL4_Error err)
{
    volatile int *address = (volatile int *)(seL4_Word)err;
    *address = 0;
}

/** Notify the other end. Never blocks; notifications that are not yet seen become one. */
static inline void microkit_notify(microkit_channel ch)
{
    if (microkit_internal_check(microkit_notifications, ch, "microkit_notify")) {
        seL4_Signal(BASE_OUTPUT_NOTIFICATION_CAP + ch);
    }
}

/** Let the interrupt come again. */
static inline void microkit_irq_ack(microkit_channel ch)
{
    if (microkit_internal_check(microkit_irqs, ch, "microkit_irq_ack")) {
        seL4_IRQHandler_Ack(BASE_IRQ_CAP + ch);
    }
}

/** Notify when the PD next waits, in the same system call. One such thing at a time:
 *  a later one takes the place of an earlier one. */
static inline void microkit_deferred_notify(microkit_channel ch)
{
    if (microkit_internal_check(microkit_notifications, ch, "microkit_deferred_notify")) {
        microkit_have_signal = seL4_True;
        microkit_signal_msg = seL4_MessageInfo_new(0, 0, 0, 0);
        microkit_signal_cap = BASE_OUTPUT_NOTIFICATION_CAP + ch;
    }
}

/** Acknowledge when the PD next waits; as microkit_deferred_notify(). */
static inline void microkit_deferred_irq_ack(microkit_channel ch)
{
    if (microkit_internal_check(microkit_irqs, ch, "microkit_deferred_irq_ack")) {
        microkit_have_signal = seL4_True;
        microkit_signal_msg = seL4_MessageInfo_new(0, 0, 0, 0);
        microkit_signal_cap = BASE_IRQ_CAP + ch;
    }
}

/** Start a child at an address. Nothing else about it changes: not its stack pointer,
 *  not its memory, not what it was notified of. */
static inline void microkit_pd_restart(microkit_child pd, seL4_Word entry_point)
{
    seL4_UserContext context = {.pc = entry_point};
    seL4_Error err = seL4_TCB_WriteRegisters(BASE_TCB_CAP + pd, seL4_True, 0, 1, &context);

    if (err != seL4_NoError) {
        microkit_dbg_puts("microkit_pd_restart: error writing TCB registers\n");
        microkit_internal_crash(err);
    }
}

static inline void microkit_pd_stop(microkit_child pd)
{
    seL4_Error err = seL4_TCB_Suspend(BASE_TCB_CAP + pd);

    if (err != seL4_NoError) {
        microkit_dbg_puts("microkit_pd_stop: error writing TCB registers\n");
        microkit_internal_crash(err);
    }
}

/** Call the other end's protected() and wait for the answer. */
static inline microkit_msginfo microkit_ppcall(microkit_channel ch, microkit_msginfo msginfo)
{
    if (!microkit_internal_check(microkit_pps, ch, "microkit_ppcall")) {
        return seL4_MessageInfo_new(0, 0, 0, 0);
    }
    return seL4_Call(BASE_ENDPOINT_CAP + ch, msginfo);
}

static inline microkit_msginfo microkit_msginfo_new(seL4_Word label, seL4_Uint16 count)
{
    return seL4_MessageInfo_new(label, 0, 0, count);
}

static inline seL4_Word microkit_msginfo_get_label(microkit_msginfo msginfo)
{
    return seL4_MessageInfo_get_label(msginfo);
}

static inline seL4_Word microkit_msginfo_get_count(microkit_msginfo msginfo)
{
    return seL4_MessageInfo_get_length(msginfo);
}

static inline void microkit_mr_set(seL4_Uint8 mr, seL4_Word value)
{
    seL4_SetMR(mr, value);
}

static inline seL4_Word microkit_mr_get(seL4_Uint8 mr)
{
    return seL4_GetMR(mr);
}
