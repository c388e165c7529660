/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The development kernel: protection domains, notifications, calls, faults,
 * interrupts and a scheduler, for one Cortex-A53 in QEMU. It is not seL4, nothing is
 * proved about it, and it is for testing only.
 *
 * It runs at EL2 with a translation regime of its own, as the Microkit's seL4 does on
 * this board; PDs run at EL0 behind stage 2 tables that the `microkit` tool built.
 * No table of a PD mentions memory of the kernel, the kernel's own map is constant
 * (mmu.c), and it holds no memory of a PD but the IPC buffers.
 *
 * Interrupts are masked while the kernel runs, but for the loop in which it is idle:
 * it is one thread of control on one stack, entered at vectors.S, which saves the PD's
 * registers, calls one of kernel_syscall(), kernel_fault() and kernel_interrupt(), and
 * resumes `current`, which those may have changed. There is nothing to allocate and nothing to
 * lock.
 *
 *     start.S boot.c mmu.c     coming up
 *     vectors.S syscall.c      in and out
 *     sched.c clock.c          who runs, and for how long
 *     notify.c call.c tcb.c    what PDs do to each other
 *     irq.c fault.c fpu.c      what happens to them
 *     console.c                what is said about it
 *     instruments.c            faults on demand, in a kernel apart
 */
#ifndef DEVKIT_KERNEL_H
#define DEVKIT_KERNEL_H

#include "image.h"
#include "registers.h"

#include <stdbool.h>
#include <stdint.h>

#ifndef DEVKIT_DEBUG
#define DEVKIT_DEBUG 0
#endif
#ifndef DEVKIT_BENCHMARK
#define DEVKIT_BENCHMARK 0
#endif

#ifndef DEVKIT_INSTRUMENTS
#define DEVKIT_INSTRUMENTS 0
#endif

#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* System registers, by name. */
#define READ_SYSREG(name)                                                                          \
    ({                                                                                             \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " #name : "=r"(value_));                                         \
        value_;                                                                                    \
    })
#define WRITE_SYSREG(name, value) __asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(value)))

enum pd_state {
    PD_STOPPED,
    PD_READY,   /* to run when its turn comes: see enum place */
    PD_WAITING, /* in a receive */
    PD_CALLING, /* in a call: among the callers of `waits_for`, or its client */
    PD_FAULTED, /* likewise, if it has a parent */
};

enum place {
    NOWHERE, /* not ready, or without a budget to run on */
    QUEUED,  /* in a ready queue */
    ASLEEP,  /* until its budget is refilled */
};

/* Time to run. Each PD has one, and a passive PD lends those of its callers. */
struct budget {
    uint64_t amount, period; /* in ticks of the counter */
    bool limited;            /* amount < period */
    int64_t left;            /* that may be used now ... */
    int64_t later;           /* ... and from `later_at` on */
    uint64_t later_at;
    uint64_t since; /* since when it is charged, while it is */
    uint64_t used;  /* ticks altogether (benchmark) */
};

enum fault_kind { /* as seL4 numbers them with MCS, which the Microkit uses */
                  FAULT_CAP = 1,
                  FAULT_SYSCALL = 2,
                  FAULT_EXCEPTION = 3,
                  FAULT_MEMORY = 6,
                  FAULT_TRAP = 8, /* seL4's VCPUFault: an instruction that EL2 traps */
};

struct fault {
    enum fault_kind kind;
    uint64_t esr;
    uint64_t address; /* or the handle or system call that does not exist */
};

struct pd {
    struct registers regs; /* first: vectors.S */
    uint8_t priority;
    uint8_t state;    /* enum pd_state */
    uint8_t place;    /* enum place */
    bool passive;     /* has its own budget for notifications only */
    uint64_t space;   /* VTTBR_EL2: tables and VMID */
    uint64_t pending; /* notifications, one bit per channel */
    struct pd *next;  /* in the one list it is in: ready, callers or sleepers */
    struct pd *previous;
    const struct pd_image *image;
    uint64_t *message; /* IPC buffer: message words */

    struct pd *callers;   /* PDs that wait to be received, first come first served */
    struct pd *client;    /* whose message was received and not yet answered */
    struct pd *waits_for; /* whose caller or client this is */
    uint64_t badge, tag;  /* of its call or fault */
    struct fault fault;

    struct budget own;
    struct budget *budget; /* that it runs on: its own, a caller's, or none */
};

extern const struct system system;
extern struct pd pds[MAX_PDS];
extern struct pd *current;

/* list.c: a ring of PDs, named by its first. */
void list_append(struct pd **list, struct pd *pd);
void list_insert(struct pd **list, struct pd *pd);
void list_remove(struct pd **list, struct pd *pd);

/* sched.c */
void sched_ready(struct pd *pd);
void sched_block(struct pd *pd, enum pd_state state);
void sched_rotate(struct pd *pd);
void sched_choose(void);
void sched_tick(void);

/* clock.c */
#define NEVER UINT64_MAX
uint64_t clock_now(void);
void clock_init(void);
void clock_alarm(uint64_t when);
uint64_t clock_ticks(uint64_t microseconds);

/* notify.c */
void notify(struct pd *pd, uint64_t bits);
void notify_receive(struct pd *pd);

/* call.c: a tag carries a label from bit 12 and a length in its low 7 bits. */
#define TAG(label, length) (((uint64_t)(label) << 12) | (length))
#define MAX_WORDS          120
void call(struct pd *pd, struct pd *server, uint64_t badge, uint64_t tag);
void call_fault(struct pd *pd, struct pd *parent);
bool call_receive(struct pd *server);
void call_reply(struct pd *server, uint64_t tag);
void call_cancel(struct pd *pd);

/* tcb.c: what a parent does with a child; the result is a seL4_Error. */
uint64_t tcb_write(struct pd *parent, struct pd *child, bool resume, uint64_t count);
uint64_t tcb_read(struct pd *parent, struct pd *child, bool suspend, uint64_t count);
uint64_t tcb_suspend(struct pd *child);

/* irq.c */
#define IRQ_TIMER 26
void irq_init(void);
void irq_acknowledge(uint32_t irq);
void irq_take(void);

/* fault.c */
void fault_raise(struct pd *pd, struct fault fault);
uint64_t fault_message(const struct pd *pd, uint64_t *words);
void fault_resume(struct pd *pd, const uint64_t *words, uint64_t count);

/* fpu.c */
void fpu_init(void);
void fpu_follow(const struct pd *pd);
void fpu_take(struct pd *pd);

/* instruments.c: nothing of this is in the kernels that systems run on. */
#define ALL_MEMORY (KERNEL_OFFSET + (8ULL << 30))
void inject_arm(struct pd *pd);
bool inject_debug(struct pd *pd, uint64_t esr);

/* console.c: %s, %u and %x (64 bits, with 0x). */
void console_put(char c);
void console_print(const char *format, ...);

/* Said in the debug configuration only. */
#define DEBUG_PRINT(...)                                                                           \
    do {                                                                                           \
        if (DEVKIT_DEBUG) {                                                                        \
            console_print(__VA_ARGS__);                                                            \
        }                                                                                          \
    } while (0)

/* vectors.S: wait for an interrupt, which comes in as kernel_interrupt(). */
_Noreturn void idle(void);

/* Entered from assembly. */
void kernel_boot(void);
void kernel_syscall(struct pd *pd);
void kernel_fault(struct pd *pd, uint64_t esr);
void kernel_interrupt(void);
_Noreturn void kernel_panic(uint64_t esr, uint64_t pc, uint64_t address);

#endif
