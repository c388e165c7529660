/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a parent does with a child: stop it, look at its registers, set them and let
 * it go. What was notified meanwhile stays pending, for the child's next life.
 */
#include "kernel.h"

#include <sel4/errors.h>

/* A parent chooses the condition flags only. */
#define SPSR_FLAGS 0xf0000000U

/* A system call that it waits in is made again if it goes on. */
static void stop(struct pd *child)
{
    if (child->state == PD_WAITING || child->state == PD_CALLING) {
        child->regs.pc -= INSTRUCTION_SIZE;
    }
    call_cancel(child);
    sched_block(child, PD_STOPPED);
}

uint64_t tcb_suspend(struct pd *child)
{
    stop(child);
    return seL4_NoError;
}

uint64_t tcb_write(struct pd *parent, struct pd *child, bool resume, uint64_t count)
{
    uint64_t *registers = (uint64_t *)&child->regs;
    bool starts = resume && child->state != PD_READY;

    if (count > REGISTER_COUNT) {
        return seL4_InvalidArgument;
    }
    if (starts) {
        stop(child);
    }
    for (uint64_t i = 0; i < count; i++) {
        registers[i] = parent->message[DEVKIT_TCB_WORD + i];
    }
    child->regs.spsr = (child->regs.spsr & SPSR_FLAGS) | SPSR_EL0;
    if (starts) {
        sched_ready(child);
    }
    return seL4_NoError;
}

uint64_t tcb_read(struct pd *parent, struct pd *child, bool suspend, uint64_t count)
{
    const uint64_t *registers = (const uint64_t *)&child->regs;

    if (count > REGISTER_COUNT) {
        return seL4_InvalidArgument;
    }
    if (suspend) {
        stop(child);
    }
    for (uint64_t i = 0; i < count; i++) {
        parent->message[DEVKIT_TCB_WORD + i] = registers[i];
    }
    return seL4_NoError;
}
