/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of seL4's interface that protection domains use: names, types and
 * meanings are seL4's (MCS, AArch64), what is behind them is the development kernel.
 */
#ifndef SEL4_SEL4_H
#define SEL4_SEL4_H

#include <sel4/config.h>
#include <sel4/errors.h>
#include <sel4/syscalls.h>

typedef signed char seL4_Int8;
typedef unsigned char seL4_Uint8;
typedef short seL4_Int16;
typedef unsigned short seL4_Uint16;
typedef int seL4_Int32;
typedef unsigned int seL4_Uint32;
typedef long seL4_Int64;
typedef unsigned long seL4_Uint64;
typedef seL4_Uint64 seL4_Word;
typedef seL4_Word seL4_CPtr;
typedef seL4_CPtr seL4_TCB;
typedef seL4_CPtr seL4_IRQHandler;
typedef seL4_Int8 seL4_Bool;

#define seL4_True     1
#define seL4_False    0
#define seL4_Null     0
#define seL4_CapNull  0
#define seL4_WordBits 64
#define seL4_PageBits 12

#define seL4_MsgMaxLength    120
#define seL4_MsgMaxExtraCaps 3

/** What a message is: label, and number of words, among other things. */
typedef struct seL4_MessageInfo {
    seL4_Uint64 words[1];
} seL4_MessageInfo_t;

typedef struct seL4_IPCBuffer_ {
    seL4_MessageInfo_t tag;
    seL4_Word msg[seL4_MsgMaxLength];
    seL4_Word userData;
    seL4_Word caps_or_badges[seL4_MsgMaxExtraCaps];
    seL4_CPtr receiveCNode;
    seL4_CPtr receiveIndex;
    seL4_Word receiveDepth;
} seL4_IPCBuffer;

typedef struct seL4_UserContext_ {
    seL4_Word pc, sp, spsr;
    seL4_Word x0, x1, x2, x3, x4, x5, x6, x7, x8, x16, x17, x18, x29, x30;
    seL4_Word x9, x10, x11, x12, x13, x14, x15;
    seL4_Word x19, x20, x21, x22, x23, x24, x25, x26, x27, x28;
    seL4_Word tpidr_el0, tpidrro_el0;
} seL4_UserContext;

/** Labels of fault messages. */
enum {
    seL4_Fault_NullFault,
    seL4_Fault_CapFault,
    seL4_Fault_UnknownSyscall,
    seL4_Fault_UserException,
    seL4_Fault_Timeout = 5,
    seL4_Fault_VMFault,
    seL4_Fault_VGICMaintenance,
    seL4_Fault_VCPUFault,
    seL4_Fault_VPPIEvent,
};

/** Words of fault messages, by label. */
typedef enum {
    seL4_CapFault_IP,
    seL4_CapFault_Addr,
    seL4_CapFault_InRecvPhase,
    seL4_CapFault_LookupFailureType,
    seL4_CapFault_BitsLeft,
    seL4_CapFault_DepthMismatch_BitsFound,
    seL4_CapFault_GuardMismatch_GuardFound = seL4_CapFault_DepthMismatch_BitsFound,
    seL4_CapFault_GuardMismatch_BitsFound,
} seL4_CapFault_Msg;

typedef enum {
    seL4_UnknownSyscall_X0,
    seL4_UnknownSyscall_X1,
    seL4_UnknownSyscall_X2,
    seL4_UnknownSyscall_X3,
    seL4_UnknownSyscall_X4,
    seL4_UnknownSyscall_X5,
    seL4_UnknownSyscall_X6,
    seL4_UnknownSyscall_X7,
    seL4_UnknownSyscall_FaultIP,
    seL4_UnknownSyscall_SP,
    seL4_UnknownSyscall_LR,
    seL4_UnknownSyscall_SPSR,
    seL4_UnknownSyscall_Syscall,
    seL4_UnknownSyscall_Length,
} seL4_UnknownSyscall_Msg;

typedef enum {
    seL4_UserException_FaultIP,
    seL4_UserException_SP,
    seL4_UserException_SPSR,
    seL4_UserException_Number,
    seL4_UserException_Code,
    seL4_UserException_Length,
} seL4_UserException_Msg;

typedef enum {
    seL4_VMFault_IP,
    seL4_VMFault_Addr,
    seL4_VMFault_PrefetchFault,
    seL4_VMFault_FSR,
    seL4_VMFault_Length,
} seL4_VMFault_Msg;

typedef enum {
    seL4_VCPUFault_HSR,
    seL4_VCPUFault_Length,
} seL4_VCPUFault_Msg;

extern seL4_IPCBuffer *__sel4_ipc_buffer;

static inline seL4_MessageInfo_t seL4_MessageInfo_new(seL4_Uint64 label, seL4_Uint64 caps_unwrapped,
                                                      seL4_Uint64 extra_caps, seL4_Uint64 length)
{
    return (seL4_MessageInfo_t){
        {label << 12 | (caps_unwrapped & 7) << 9 | (extra_caps & 3) << 7 | (length & 0x7f)}};
}

static inline seL4_Uint64 seL4_MessageInfo_get_label(seL4_MessageInfo_t tag)
{
    return tag.words[0] >> 12;
}

static inline seL4_Uint64 seL4_MessageInfo_get_capsUnwrapped(seL4_MessageInfo_t tag)
{
    return tag.words[0] >> 9 & 7;
}

static inline seL4_Uint64 seL4_MessageInfo_get_extraCaps(seL4_MessageInfo_t tag)
{
    return tag.words[0] >> 7 & 3;
}

static inline seL4_Uint64 seL4_MessageInfo_get_length(seL4_MessageInfo_t tag)
{
    return tag.words[0] & 0x7f;
}

static inline seL4_MessageInfo_t seL4_MessageInfo_set_label(seL4_MessageInfo_t tag,
                                                            seL4_Uint64 label)
{
    return (seL4_MessageInfo_t){{(tag.words[0] & 0xfff) | label << 12}};
}

static inline seL4_MessageInfo_t seL4_MessageInfo_set_length(seL4_MessageInfo_t tag,
                                                             seL4_Uint64 length)
{
    return (seL4_MessageInfo_t){{(tag.words[0] & ~0x7fUL) | (length & 0x7f)}};
}

static inline seL4_IPCBuffer *seL4_GetIPCBuffer(void)
{
    return __sel4_ipc_buffer;
}

static inline seL4_Word seL4_GetMR(int i)
{
    return __sel4_ipc_buffer->msg[i];
}

static inline void seL4_SetMR(int i, seL4_Word mr)
{
    __sel4_ipc_buffer->msg[i] = mr;
}

/* One system call: x0 and x1 go in and come out, x2 goes in. */
struct devkit_result {
    seL4_Word x0, x1;
};

static inline struct devkit_result devkit_syscall(seL4_Word number, seL4_Word a, seL4_Word b,
                                                  seL4_Word c)
{
    register seL4_Word x0 __asm__("x0") = a;
    register seL4_Word x1 __asm__("x1") = b;
    register seL4_Word x2 __asm__("x2") = c;
    register seL4_Word x7 __asm__("x7") = number;

    __asm__ volatile("svc #0" : "+r"(x0), "+r"(x1) : "r"(x2), "r"(x7) : "memory");
    return (struct devkit_result){x0, x1};
}

static inline seL4_MessageInfo_t devkit_received(struct devkit_result result, seL4_Word *badge)
{
    if (badge) {
        *badge = result.x0;
    }
    return (seL4_MessageInfo_t){{result.x1}};
}

static inline void seL4_Signal(seL4_CPtr dest)
{
    devkit_syscall(DEVKIT_SEND, dest, 0, 0);
}

static inline seL4_Error seL4_IRQHandler_Ack(seL4_IRQHandler irq)
{
    return (seL4_Error)devkit_syscall(DEVKIT_SEND, irq, 0, 0).x0;
}

/* `src` and `reply` are there for seL4's sake: a PD receives from one place. */
static inline seL4_MessageInfo_t seL4_Recv(seL4_CPtr src, seL4_Word *badge, seL4_CPtr reply)
{
    (void)src;
    (void)reply;
    return devkit_received(devkit_syscall(DEVKIT_RECEIVE, 0, 0, 0), badge);
}

static inline seL4_MessageInfo_t seL4_NBSendRecv(seL4_CPtr dest, seL4_MessageInfo_t tag,
                                                 seL4_CPtr src, seL4_Word *badge, seL4_CPtr reply)
{
    (void)src;
    (void)reply;
    return devkit_received(devkit_syscall(DEVKIT_SEND_RECEIVE, dest, tag.words[0], 0), badge);
}

static inline seL4_MessageInfo_t seL4_ReplyRecv(seL4_CPtr src, seL4_MessageInfo_t tag,
                                                seL4_Word *badge, seL4_CPtr reply)
{
    (void)src;
    (void)reply;
    return devkit_received(devkit_syscall(DEVKIT_REPLY_RECEIVE, 0, tag.words[0], 0), badge);
}

static inline seL4_MessageInfo_t seL4_Call(seL4_CPtr dest, seL4_MessageInfo_t tag)
{
    return (seL4_MessageInfo_t){{devkit_syscall(DEVKIT_CALL, dest, tag.words[0], 0).x1}};
}

static inline void seL4_Yield(void)
{
    devkit_syscall(DEVKIT_YIELD, 0, 0, 0);
}

static inline seL4_Error seL4_TCB_WriteRegisters(seL4_TCB tcb, seL4_Bool resume, seL4_Uint8 flags,
                                                 seL4_Word count, seL4_UserContext *regs)
{
    (void)flags;
    for (seL4_Word i = 0; i < count && i < sizeof *regs / sizeof(seL4_Word); i++) {
        seL4_SetMR(DEVKIT_TCB_WORD + (int)i, ((seL4_Word *)regs)[i]);
    }
    return (seL4_Error)devkit_syscall(DEVKIT_TCB_WRITE, tcb, (seL4_Word)resume, count).x0;
}

static inline seL4_Error seL4_TCB_ReadRegisters(seL4_TCB tcb, seL4_Bool suspend, seL4_Uint8 flags,
                                                seL4_Word count, seL4_UserContext *regs)
{
    (void)flags;
    struct devkit_result result = devkit_syscall(DEVKIT_TCB_READ, tcb, (seL4_Word)suspend, count);
    for (seL4_Word i = 0; result.x0 == seL4_NoError && i < count; i++) {
        ((seL4_Word *)regs)[i] = seL4_GetMR(DEVKIT_TCB_WORD + (int)i);
    }
    return (seL4_Error)result.x0;
}

static inline seL4_Error seL4_TCB_Suspend(seL4_TCB tcb)
{
    return (seL4_Error)devkit_syscall(DEVKIT_TCB_SUSPEND, tcb, 0, 0).x0;
}

#ifdef CONFIG_PRINTING
static inline void seL4_DebugPutChar(char c)
{
    devkit_syscall(DEVKIT_PUT, (seL4_Uint8)c, 0, 0);
}

static inline void seL4_DebugPutString(char *text)
{
    for (; *text; text++) {
        seL4_DebugPutChar(*text);
    }
}
#endif

#ifdef CONFIG_ENABLE_BENCHMARKS
/** Ticks of the physical counter that a child has run. Not in seL4: see its benchmark API. */
static inline seL4_Word devkit_time_used(seL4_TCB tcb)
{
    return devkit_syscall(DEVKIT_TCB_TIME, tcb, 0, 0).x1;
}
#endif

#endif
