/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program tells the simulator (sim/) instead of the machine. Nothing of this
 * exists in a program for the machine: QUOLL_SIM is defined by the simulator's build
 * alone. Accesses to memory need no hook, the compiler's instrumentation reports them.
 */
#ifndef QUOLL_HOOK_H
#define QUOLL_HOOK_H

#ifdef QUOLL_SIM
#include <stdint.h>

/* Device registers, from <quoll/mmio.h>. */
uint64_t sim_mmio_read(const volatile void *at, unsigned size);
void sim_mmio_write(volatile void *at, uint64_t value, unsigned size);

/* The CPU's timer: CNTP_CTL_EL0 and CNTP_CVAL_EL0 (timer/drivers/arm_timer.c). */
#define SIM_TIMER_CONTROL 0U
#define SIM_TIMER_COMPARE 8U
void sim_timer_write(unsigned which, uint64_t value);

#endif
#endif
