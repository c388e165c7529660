/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arm generic timer: the EL1 physical timer of the CPU, which the kernel lets user
 * level use (CNTKCTL_EL1.EL0PTEN).
 *
 * Source: Arm DDI 0487 (Arm ARM), D13.2.4 "Timers", registers CNTP_CTL_EL0 and
 * CNTP_CVAL_EL0. The device tree's interrupts are, in order: secure physical,
 * non-secure physical (ours), virtual, hypervisor.
 *
 * The condition compares the counter with CVAL, so a time that has passed
 * interrupts at once. The interrupt is a level: it stays raised until the timer is
 * disabled or the comparison is false again, and is therefore always taken back
 * before it is acknowledged.
 */
#include <quoll/hook.h>
#include <quoll/time.h>
#include <quoll/timer_driver.h>

#define CTL_ENABLE 1U

#ifdef QUOLL_SIM
#define write_control(value) sim_timer_write(SIM_TIMER_CONTROL, value)
#define write_compare(value) sim_timer_write(SIM_TIMER_COMPARE, value)
#else
static void write_control(uint64_t value)
{
    __asm__ volatile("msr cntp_ctl_el0, %0\n\tisb" : : "r"(value) : "memory");
}

static void write_compare(uint64_t value)
{
    __asm__ volatile("msr cntp_cval_el0, %0" : : "r"(value) : "memory");
}

#endif

static void clear(void)
{
    write_control(0);
}

static void set(uint64_t when)
{
    write_compare(quoll_ns_to_ticks(when));
    write_control(CTL_ENABLE);
}

static enum quoll_error start(void)
{
    clear();
    return QUOLL_OK;
}

static const struct timer_device device = {.start = start, .set = set, .clear = clear};

TIMER_DRIVER(device, .compatible = {"arm,armv8-timer"}, .interrupts = 1, .interrupt = {1},
             .system_timer = 1);
