/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults: a PD did what it may not. It stops; its parent is told, in the message that
 * seL4 would send; if it has none, the debug configuration says so on the console.
 *
 * Source: Arm DDI 0487, D17.2.37 (ESR_EL2); for the messages, seL4's manual, chapter 6.
 */
#include "kernel.h"

#define EC(esr)            ((esr) >> 26)
#define EC_UNKNOWN         0x00
#define EC_FPU             0x07
#define EC_INSTRUCTION     0x20
#define EC_DATA            0x24
#define ISS_WRITE          (1ULL << 6)
#define ISS_STATUS(esr)    ((esr)&0x3f)
#define STATUS_TRANSLATION 0x04 /* level in the low two bits */
#define STATUS_PERMISSION  0x0c
#define STATUS_ALIGNMENT   0x21
#define INVALID_ROOT       1

static const char *memory_reason(uint64_t esr)
{
    if ((ISS_STATUS(esr) & ~3ULL) == STATUS_TRANSLATION) {
        return "not mapped";
    }
    if ((ISS_STATUS(esr) & ~3ULL) == STATUS_PERMISSION) {
        return "not permitted";
    }
    return ISS_STATUS(esr) == STATUS_ALIGNMENT ? "not aligned" : "external";
}

static const char *access_name(uint64_t esr)
{
    if (EC(esr) == EC_INSTRUCTION) {
        return "execute";
    }
    return esr & ISS_WRITE ? "write" : "read";
}

static void report(const struct pd *pd)
{
    const char *name = pd->image->name;
    uint64_t esr = pd->fault.esr;

    switch (pd->fault.kind) {
    case FAULT_MEMORY:
        console_print("%s: fault: %s %x, %s; pc %x esr %x\n", name, access_name(esr),
                      pd->fault.address, memory_reason(esr), pd->regs.pc, esr);
        break;
    case FAULT_SYSCALL:
        console_print("%s: fault: no system call %x; pc %x\n", name, pd->fault.address,
                      pd->regs.pc);
        break;
    case FAULT_CAP:
        console_print("%s: fault: no handle %x; pc %x\n", name, pd->fault.address, pd->regs.pc);
        break;
    case FAULT_EXCEPTION:
    case FAULT_TRAP:
        console_print("%s: fault: exception; pc %x esr %x\n", name, pd->regs.pc, esr);
        break;
    }
}

void fault_raise(struct pd *pd, struct fault fault)
{
    pd->fault = fault;
    if (pd->image->has_parent) {
        call_fault(pd, &pds[pd->image->parent]);
        return;
    }
    sched_block(pd, PD_FAULTED);
    if (DEVKIT_DEBUG) {
        report(pd);
    }
}

static uint64_t memory_message(const struct pd *pd, uint64_t *words)
{
    words[0] = pd->regs.pc;
    words[1] = pd->fault.address;
    words[2] = EC(pd->fault.esr) == EC_INSTRUCTION;
    words[3] = pd->fault.esr;
    return 4;
}

static uint64_t exception_message(const struct pd *pd, uint64_t *words)
{
    words[0] = pd->regs.pc;
    words[1] = pd->regs.sp;
    words[2] = pd->regs.spsr;
    words[3] = pd->fault.esr;
    words[4] = 0;
    return 5;
}

static uint64_t syscall_message(const struct pd *pd, uint64_t *words)
{
    for (unsigned i = 0; i < 8; i++) {
        words[i] = pd->regs.x[i];
    }
    words[8] = pd->regs.pc;
    words[9] = pd->regs.sp;
    words[10] = pd->regs.x30;
    words[11] = pd->regs.spsr;
    words[12] = pd->fault.address;
    return 13;
}

/* In seL4's terms: the lookup failed at the root of the capability space. */
static uint64_t cap_message(const struct pd *pd, uint64_t *words)
{
    words[0] = pd->regs.pc;
    words[1] = pd->fault.address;
    words[2] = 0;
    words[3] = INVALID_ROOT;
    return 4;
}

/* The words that tell the parent; their number is returned. */
uint64_t fault_message(const struct pd *pd, uint64_t *words)
{
    switch (pd->fault.kind) {
    case FAULT_MEMORY:
        return memory_message(pd, words);
    case FAULT_EXCEPTION:
        return exception_message(pd, words);
    case FAULT_SYSCALL:
        return syscall_message(pd, words);
    case FAULT_CAP:
        return cap_message(pd, words);
    case FAULT_TRAP:
        words[0] = pd->fault.esr;
        return 1;
    }
    return 0;
}

static void set_if(uint64_t *reg, const uint64_t *words, uint64_t count, uint64_t index)
{
    if (index < count) {
        *reg = words[index];
    }
}

/* The parent lets the PD go on, with the registers in its answer, as far as it goes. */
void fault_resume(struct pd *pd, const uint64_t *words, uint64_t count)
{
    if (pd->fault.kind == FAULT_EXCEPTION) {
        set_if(&pd->regs.pc, words, count, 0);
        set_if(&pd->regs.sp, words, count, 1);
    } else if (pd->fault.kind == FAULT_SYSCALL) {
        for (unsigned i = 0; i < 8; i++) {
            set_if(&pd->regs.x[i], words, count, i);
        }
        set_if(&pd->regs.pc, words, count, 8);
        set_if(&pd->regs.sp, words, count, 9);
        set_if(&pd->regs.x30, words, count, 10);
    }
}

void kernel_fault(struct pd *pd, uint64_t esr)
{
    if (DEVKIT_INSTRUMENTS && inject_debug(pd, esr)) {
        sched_choose();
        return;
    }
    switch (EC(esr)) {
    case EC_FPU:
        fpu_take(pd);
        return;
    case EC_DATA:
        fault_raise(pd, (struct fault){FAULT_MEMORY, esr, READ_SYSREG(far_el2)});
        break;
    case EC_INSTRUCTION:
        fault_raise(pd, (struct fault){FAULT_MEMORY, esr, pd->regs.pc});
        break;
    case EC_UNKNOWN:
        fault_raise(pd, (struct fault){FAULT_EXCEPTION, esr, 0});
        break;
    default:
        fault_raise(pd, (struct fault){FAULT_TRAP, esr, 0});
        break;
    }
    sched_choose();
}
