/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <microkit.h> for programs in the simulator: the part of the Microkit's API that
 * Quoll uses, with its meaning on seL4. What is behind it is in sim/pd (linked into
 * each program) and in the simulator.
 *
 * Source: the Microkit's manual, 2.0.1; labels and words of faults: seL4 reference
 * manual, 6.2, for AArch64.
 */
#ifndef SIM_MICROKIT_H
#define SIM_MICROKIT_H

#include <stdbool.h>
#include <stdint.h>

typedef unsigned microkit_channel;
typedef unsigned microkit_child;
typedef uint64_t seL4_Word;
typedef uint64_t seL4_CPtr;
typedef bool seL4_Bool;
#define seL4_True  true
#define seL4_False false

typedef struct {
    seL4_Word label;
    uint16_t count;
} microkit_msginfo;

#define MICROKIT_MAX_CHANNELS        62
#define MICROKIT_PD_NAME_LENGTH      64
#define BASE_OUTPUT_NOTIFICATION_CAP 10
#define BASE_IRQ_CAP                 138

enum {
    seL4_Fault_NullFault,
    seL4_Fault_CapFault,
    seL4_Fault_UnknownSyscall,
    seL4_Fault_UserException,
    seL4_Fault_Timeout = 5,
    seL4_Fault_VMFault,
    seL4_Fault_VCPUFault = 8
};
enum { seL4_VMFault_IP, seL4_VMFault_Addr, seL4_VMFault_PrefetchFault, seL4_VMFault_FSR };
enum { seL4_UserException_FaultIP, seL4_UserException_Code = 4 };
enum { seL4_UnknownSyscall_FaultIP = 8, seL4_UnknownSyscall_Syscall = 12 };
enum { seL4_CapFault_IP, seL4_CapFault_Addr };
enum { seL4_VCPUFault_HSR };

extern char microkit_name[MICROKIT_PD_NAME_LENGTH];
extern seL4_Bool microkit_have_signal;
extern seL4_CPtr microkit_signal_cap;

/* Provided by the program. */
void init(void);
void notified(microkit_channel channel);
microkit_msginfo protected(microkit_channel channel, microkit_msginfo msginfo);
seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply);

void microkit_notify(microkit_channel channel);
microkit_msginfo microkit_ppcall(microkit_channel channel, microkit_msginfo msginfo);
void microkit_irq_ack(microkit_channel channel);
void microkit_deferred_notify(microkit_channel channel);
void microkit_deferred_irq_ack(microkit_channel channel);
void microkit_dbg_puts(const char *text);
void microkit_dbg_putc(int character);
void microkit_dbg_put8(uint8_t number);
void microkit_dbg_put32(uint32_t number);
void microkit_pd_restart(microkit_child child, seL4_Word entry);
void microkit_pd_stop(microkit_child child);

static inline seL4_Word microkit_msginfo_get_label(microkit_msginfo msginfo)
{
    return msginfo.label;
}

static inline seL4_Word microkit_msginfo_get_count(microkit_msginfo msginfo)
{
    return msginfo.count;
}

static inline microkit_msginfo microkit_msginfo_new(seL4_Word label, uint16_t count)
{
    return (microkit_msginfo){.label = label, .count = count};
}

seL4_Word microkit_mr_get(uint8_t index);
void microkit_mr_set(uint8_t index, seL4_Word value);

#endif
