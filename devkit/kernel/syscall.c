/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls (<sel4/syscalls.h>). A PD names others only by numbers in its own
 * table, which the tool wrote and the kernel cannot change.
 */
#include "kernel.h"

#include <sel4/errors.h>
#include <stddef.h>

#define NUMBER x[7]

static const struct handle *look_up(const struct pd *pd, uint64_t number)
{
    static const struct handle none = {.kind = HANDLE_NONE};

    return number < DEVKIT_HANDLES ? &pd->image->handles[number] : &none;
}

static uint64_t refuse(const struct pd *pd, const char *what)
{
    DEBUG_PRINT("%s: refused: %s on handle %u\n", pd->image->name, what, pd->regs.x[0]);
    return seL4_InvalidCapability;
}

/* Notify, or acknowledge: which of the two, the handle knows. */
static uint64_t send(struct pd *pd)
{
    const struct handle *handle = look_up(pd, pd->regs.x[0]);

    if (handle->kind == HANDLE_NOTIFY) {
        notify(&pds[handle->pd], 1ULL << handle->number);
    } else if (handle->kind == HANDLE_IRQ) {
        irq_acknowledge(handle->number);
    } else if (handle->kind == HANDLE_PASSIVE) {
        pd->passive = true;
    } else {
        return refuse(pd, "send");
    }
    return seL4_NoError;
}

static void start_call(struct pd *pd)
{
    const struct handle *handle = look_up(pd, pd->regs.x[0]);

    if (handle->kind == HANDLE_CALL) {
        call(pd, &pds[handle->pd], DEVKIT_BADGE_CALL | handle->number, pd->regs.x[1]);
    } else {
        pd->regs.x[1] = TAG(refuse(pd, "call"), 0);
    }
}

static uint64_t tcb_time(struct pd *pd, const struct pd *child)
{
    pd->regs.x[1] = child->own.used;
    return DEVKIT_BENCHMARK ? seL4_NoError : seL4_IllegalOperation;
}

static uint64_t control(struct pd *pd)
{
    const struct handle *handle = look_up(pd, pd->regs.x[0]);
    struct pd *child = &pds[handle->pd];

    if (handle->kind != HANDLE_TCB) {
        return refuse(pd, "control");
    }
    switch (pd->regs.NUMBER) {
    case DEVKIT_TCB_WRITE:
        return tcb_write(pd, child, pd->regs.x[1] != 0, pd->regs.x[2]);
    case DEVKIT_TCB_READ:
        return tcb_read(pd, child, pd->regs.x[1] != 0, pd->regs.x[2]);
    case DEVKIT_TCB_SUSPEND:
        return tcb_suspend(child);
    default:
        return tcb_time(pd, child);
    }
}

static void dispatch(struct pd *pd)
{
    switch (pd->regs.NUMBER) {
    case DEVKIT_SEND_RECEIVE:
        send(pd);
        notify_receive(pd);
        break;
    case DEVKIT_RECEIVE:
        notify_receive(pd);
        break;
    case DEVKIT_SEND:
        pd->regs.x[0] = send(pd);
        break;
    case DEVKIT_REPLY_RECEIVE:
        call_reply(pd, pd->regs.x[1]);
        notify_receive(pd);
        break;
    case DEVKIT_CALL:
        start_call(pd);
        break;
    case DEVKIT_PUT:
        if (DEVKIT_DEBUG) {
            console_put((char)pd->regs.x[0]);
        }
        break;
    case DEVKIT_YIELD:
        sched_rotate(pd);
        break;
    default:
        pd->regs.x[0] = control(pd);
        break;
    }
}

/* A number beyond any table is a fault, as on seL4; an empty entry is an error. */
static bool names_handle(uint64_t number)
{
    return number == DEVKIT_SEND || number == DEVKIT_SEND_RECEIVE || number == DEVKIT_CALL ||
           (number >= DEVKIT_TCB_WRITE && number <= DEVKIT_TCB_TIME);
}

/* The fault is at the system call, which is made again unless the parent moves on. */
static void refuse_syscall(struct pd *pd, uint64_t number)
{
    bool known = number - 1 < DEVKIT_TCB_TIME;

    pd->regs.pc -= INSTRUCTION_SIZE;
    fault_raise(pd, known ? (struct fault){FAULT_CAP, 0, pd->regs.x[0]}
                          : (struct fault){FAULT_SYSCALL, 0, number});
}

void kernel_syscall(struct pd *pd)
{
    uint64_t number = pd->regs.NUMBER;
    bool known = number - 1 < DEVKIT_TCB_TIME;

    if (UNLIKELY(!known || (pd->regs.x[0] >= DEVKIT_CSPACE && names_handle(number)))) {
        refuse_syscall(pd, number);
    } else {
        dispatch(pd);
    }
    sched_choose();
}

void kernel_interrupt(void)
{
    irq_take();
    sched_choose();
}
