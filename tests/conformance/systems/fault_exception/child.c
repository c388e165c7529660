/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#define TRY(instruction)                                                                           \
    do {                                                                                           \
        x0 = line;                                                                                 \
        __asm__ volatile(instruction : : "r"(x0) : "x1", "memory");                                \
        say(instruction);                                                                          \
    } while (0)

static char line[128] __attribute__((aligned(64)));

void init(void)
{
    register char *x0 __asm__("x0");

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
    TRY("hlt #1");
    TRY("tlbi vmalle1");
    TRY("at s1e0r, %0");
    TRY("fmov d0, xzr");
    TRY("sev");
    TRY("yield");
    TRY("isb");
    say_end();
}
