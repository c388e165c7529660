/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#define TRY(instruction)                                                                           \
    do {                                                                                           \
        __asm__ volatile(instruction : : "r"(line) : "x1", "memory");                              \
        say(instruction);                                                                          \
    } while (0)

static char line[128] __attribute__((aligned(64)));

void init(void)
{
    uint64_t x1;

    TRY("mrs x1, cntpct_el0");
    TRY("mrs x1, cntfrq_el0");
    TRY("mrs x1, cntp_ctl_el0");
    TRY("mrs x1, cntvct_el0");
    TRY("mrs x1, cntv_ctl_el0");
    TRY("mrs x1, ctr_el0");
    TRY("mrs x1, dczid_el0");
    TRY("dc zva, %0");
    TRY("dc civac, %0");
    TRY("dc cvac, %0");
    TRY("dc cvau, %0");
    TRY("dc ivac, %0");
    TRY("ic ivau, %0");
    TRY("ic iallu");
    TRY("mrs x1, tpidr_el0");
    TRY("msr tpidr_el0, %0");
    TRY("mrs x1, tpidrro_el0");
    TRY("msr tpidrro_el0, x1");
    TRY("mrs x1, tpidr_el1");
    TRY("mrs x1, midr_el1");
    TRY("mrs x1, id_aa64pfr0_el1");
    TRY("mrs x1, sctlr_el1");
    TRY("mrs x1, pmccntr_el0");
    TRY("mrs x1, cntkctl_el1");
    TRY("mrs x1, mdscr_el1");
    TRY("mrs x1, currentel");
    TRY("mrs x1, daif");
    TRY("msr daifset, #2");
    TRY("msr spsel, #1");
    TRY("hvc #0");
    TRY("smc #0");
    TRY("eret");
    TRY("brk #1");
    TRY("hlt #1");
    TRY("tlbi vmalle1");
    TRY("at s1e0r, %0");
    TRY("fmov d0, xzr");
    TRY("sev");
    TRY("yield");
    TRY("isb");
    __asm__ volatile("mov x7, #99\n mov x1, #17\n svc #0\n mov %0, x1"
                     : "=r"(x1)
                     :
                     : "x0", "x1", "x7", "memory");
    say_hex("x1 after the system call", x1);
    seL4_Signal(300);
    say("signalled 300");
    microkit_msginfo answer = seL4_Call(BASE_ENDPOINT_CAP, seL4_MessageInfo_new(0, 0, 0, 0));
    say_number("label of a call to nobody", seL4_MessageInfo_get_label(answer));
    say_number("acknowledging nothing", seL4_IRQHandler_Ack(BASE_IRQ_CAP));
    say_number("stopping nobody", seL4_TCB_Suspend(BASE_TCB_CAP + 7));
    seL4_Signal(777);
    say("signalled 777");
}

void notified(microkit_channel ch)
{
    (void)ch;
}
