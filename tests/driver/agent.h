/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the test and the agent, a program of a few lines that QEMU's processor runs at
 * a fixed place in RAM: it does what it finds in the mailbox, so that the test reaches
 * whatever a processor reaches, its own timer included.
 */
#ifndef TESTS_DRIVER_AGENT_H
#define TESTS_DRIVER_AGENT_H

#include <stdint.h>

/* From the start of RAM, where QEMU puts a device tree. */
#define AGENT_CODE    0x200000U
#define AGENT_MAILBOX 0x208000U

enum agent_operation {
    AGENT_READ,
    AGENT_WRITE,
    AGENT_WRITE_CONTROL, /* CNTP_CTL_EL0 */
    AGENT_WRITE_COMPARE, /* CNTP_CVAL_EL0 */
};

struct agent_mailbox {
    volatile uint32_t asked, answered; /* number of the request */
    volatile uint32_t operation, size;
    volatile uint64_t address, value;
    volatile uint64_t ticks; /* CNTPCT_EL0 when it was answered */
};

#endif
