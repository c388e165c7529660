/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor: parent of all other protection domains, told by the kernel when
 * one of them faults.
 *
 * It says what happened, gives the child its next life in the page of lives, which
 * it alone writes, and starts it at its entry; the child's peers see the new number
 * and renew their links (<quoll/link.h>). It calls nobody, waits for nobody and
 * takes nothing from a child but the kernel's message about it.
 *
 * A child that keeps faulting would take the processor from all below it. So it has
 * MAX_FAULTS lives to spend; GOOD_SERVICE without a fault earns them back; one that
 * has spent them is stopped for good, and its links are down.
 *
 * Sources: Microkit manual, "fault" and "microkit_pd_restart"; seL4 reference
 * manual, 6.2 "Thread Faults", for the words of the messages; Arm DDI 0487, ESR_EL1,
 * ISS of a data abort, for bit WnR.
 */
#include <stdatomic.h>

#include <quoll/counters.h>
#include <quoll/log.h>
#include <quoll/pd.h>
#include <quoll/time.h>

#define ENTRY        0x200000U /* core/start.S lies there */
#define MAX_FAULTS   5U
#define GOOD_SERVICE QUOLL_S(10)

/* Exception syndrome, Arm DDI 0487, D13.2.37 "ESR_EL1" and its kin. */
#define ESR_WNR       (1U << 6) /* data abort: the access was a write */
#define ESR_CLASS(e)  ((e) >> 26 & 0x3fU)
#define ESR_CLASS_BRK 0x3cU

static struct child {
    uint32_t faults; /* since it last served well */
    uint64_t last;   /* ns since reset, of the last one */
} children[QUOLL_MAX_PDS];

/* What the kernel says of a fault; `word` is the number that says most. */
struct report {
    const char *what;
    uint64_t word;
    uint64_t pc; /* 0: the kernel does not say */
};

static struct report memory_fault(void)
{
    bool fetch = microkit_mr_get(seL4_VMFault_PrefetchFault) != 0;
    bool store = (microkit_mr_get(seL4_VMFault_FSR) & ESR_WNR) != 0;

    return (struct report){
        .what = fetch   ? "fetched code"
                : store ? "wrote"
                        : "read",
        .word = microkit_mr_get(seL4_VMFault_Addr),
        .pc = microkit_mr_get(seL4_VMFault_IP),
    };
}

/* A kernel at EL2 reports so what is no memory fault: an instruction that it does not let pass. */
static struct report trap(void)
{
    uint64_t syndrome = microkit_mr_get(seL4_VCPUFault_HSR);
    bool brk = ESR_CLASS(syndrome) == ESR_CLASS_BRK; /* quoll_panic() ends in one */

    return (struct report){.what = brk ? "gave up: brk, syndrome" : "trapped: syndrome",
                           .word = syndrome};
}

static struct report read_report(uint64_t label)
{
    switch (label) {
    case seL4_Fault_VMFault:
        return memory_fault();
    case seL4_Fault_VCPUFault:
        return trap();
#ifdef CONFIG_HARDWARE_DEBUG_API /* then brk comes so */
    case seL4_Fault_DebugException:
        return (struct report){
            .what = "gave up: brk, reason",
            .word = microkit_mr_get(seL4_DebugException_ExceptionReason),
            .pc = microkit_mr_get(seL4_DebugException_FaultIP),
        };
#endif
    case seL4_Fault_UserException:
        return (struct report){
            .what = "trapped: code",
            .word = microkit_mr_get(seL4_UserException_Code),
            .pc = microkit_mr_get(seL4_UserException_FaultIP),
        };
    case seL4_Fault_UnknownSyscall:
        return (struct report){
            .what = "made the unknown system call",
            .word = microkit_mr_get(seL4_UnknownSyscall_Syscall),
            .pc = microkit_mr_get(seL4_UnknownSyscall_FaultIP),
        };
    case seL4_Fault_CapFault:
        return (struct report){
            .what = "used the invalid capability",
            .word = microkit_mr_get(seL4_CapFault_Addr),
            .pc = microkit_mr_get(seL4_CapFault_IP),
        };
    case seL4_Fault_Timeout:
        return (struct report){.what = "used up its budget", .word = microkit_mr_get(0)};
    default:
        return (struct report){.what = "faulted in an unknown way", .word = label};
    }
}

/* Whether the child may live once more. */
static bool spend_life(struct child *child)
{
    uint64_t now = quoll_now();

    if (now - child->last > GOOD_SERVICE) {
        child->faults = 0;
    }
    child->last = now;
    child->faults += 1U;
    return child->faults <= MAX_FAULTS;
}

/* Before the child runs again: it must not find its old number. */
static uint32_t next_life(microkit_child child)
{
    _Atomic uint32_t *lives = (_Atomic uint32_t *)(uintptr_t)quoll_config.lives;

    counters()->link[child][COUNT_LIVES] += 1U;
    return atomic_fetch_add_explicit(&lives[child], 1U, memory_order_release) + 1U;
}

static void tell(const char *name, const struct report *report, const char *outcome,
                 uint32_t number)
{
    char where[24] = "";

    if (report->pc != 0) {
        quoll_format(where, sizeof where, " at pc 0x%lx", (unsigned long)report->pc);
    }
    quoll_log("%s %s 0x%lx%s: %s %u", name, report->what, (unsigned long)report->word, where,
              outcome, number);
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply)
{
    struct report report = read_report(microkit_msginfo_get_label(msginfo));
    const char *name = quoll_config.link[child].name;
    uint32_t life = next_life(child);

    (void)reply;
    count(COUNT_WAKEUPS, 1);
    if (spend_life(&children[child])) {
        tell(name, &report, "begins life", life + 1U);
        microkit_pd_restart(child, ENTRY);
    } else {
        tell(name, &report, "stopped for good; faults in a row:", MAX_FAULTS + 1U);
        microkit_pd_stop(child);
    }
    return seL4_False; /* starting and stopping both end the fault */
}

void pd_start(void)
{
}

void pd_wake(microkit_channel channel)
{
    (void)channel;
}
