/* SPDX-License-Identifier: BSD-2-Clause */
/* See agent.h. Runs at EL1 with the MMU off: all memory is device memory. */
#include "agent.h"

#define RAM 0x40000000U

_Noreturn void serve(void);

/* The stack is below the mailbox. */
__asm__("    .section .text.start, \"ax\"\n"
        "    .global agent_start\n"
        "agent_start:\n"
        "    movz x0, #0x4020, lsl #16\n"
        "    add x0, x0, #0x8, lsl #12\n"
        "    mov sp, x0\n"
        "    b serve\n"
        "    .text\n");

static uint64_t load(uint64_t address, uint32_t size)
{
    switch (size) {
    case 1:
        return *(volatile uint8_t *)address;
    case 2:
        return *(volatile uint16_t *)address;
    default:
        return *(volatile uint32_t *)address;
    }
}

static void store(uint64_t address, uint64_t value, uint32_t size)
{
    switch (size) {
    case 1:
        *(volatile uint8_t *)address = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)address = (uint16_t)value;
        break;
    default:
        *(volatile uint32_t *)address = (uint32_t)value;
        break;
    }
}

static void perform(struct agent_mailbox *box)
{
    switch (box->operation) {
    case AGENT_READ:
        box->value = load(box->address, box->size);
        break;
    case AGENT_WRITE:
        store(box->address, box->value, box->size);
        break;
    case AGENT_WRITE_CONTROL:
        __asm__ volatile("msr cntp_ctl_el0, %0\n\tisb" : : "r"(box->value));
        break;
    case AGENT_WRITE_COMPARE:
        __asm__ volatile("msr cntp_cval_el0, %0\n\tisb" : : "r"(box->value));
        break;
    }
}

_Noreturn void serve(void)
{
    struct agent_mailbox *box = (struct agent_mailbox *)(uint64_t)(RAM + AGENT_MAILBOX);
    uint64_t ticks;

    for (;;) {
        while (box->asked == box->answered) {
            __asm__ volatile("yield");
        }
        __asm__ volatile("dmb sy" : : : "memory");
        perform(box);
        __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(ticks));
        box->ticks = ticks;
        __asm__ volatile("dmb sy" : : : "memory");
        box->answered = box->asked;
    }
}
