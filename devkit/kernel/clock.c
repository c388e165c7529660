/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's timer is the one that belongs to EL2 (CNTHP), so that PDs may have the
 * physical one (CNTP) and the physical counter, as the Microkit gives them on this
 * board. The virtual ones they may not have, as there.
 *
 * Source: Arm DDI 0487, D17.11 (generic timer registers).
 */
#include "kernel.h"

#define TIMER_ENABLE (1U << 0)

#define CNTHCTL_EL1PCTEN (1U << 0)
#define CNTHCTL_EL1PCEN  (1U << 1)
#define CNTKCTL_EL0PCTEN (1U << 0)
#define CNTKCTL_EL0PTEN  (1U << 9)

static uint64_t alarm = NEVER;

uint64_t clock_now(void)
{
    return READ_SYSREG(cntpct_el0);
}

uint64_t clock_ticks(uint64_t microseconds)
{
    const uint64_t million = 1000000;
    uint64_t rate = READ_SYSREG(cntfrq_el0);

    return microseconds / million * rate + microseconds % million * rate / million;
}

void clock_alarm(uint64_t when)
{
    if (when == alarm) {
        return;
    }
    alarm = when;
    WRITE_SYSREG(cnthp_cval_el2, when);
    WRITE_SYSREG(cnthp_ctl_el2, when == NEVER ? 0 : TIMER_ENABLE);
}

void clock_init(void)
{
    WRITE_SYSREG(cnthctl_el2, CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN);
    WRITE_SYSREG(cntkctl_el1, CNTKCTL_EL0PCTEN | CNTKCTL_EL0PTEN);
    WRITE_SYSREG(cntvoff_el2, 0);
    WRITE_SYSREG(cntp_ctl_el0, 0);
    WRITE_SYSREG(cntv_ctl_el0, 0);
    WRITE_SYSREG(cnthp_ctl_el2, 0);
}
