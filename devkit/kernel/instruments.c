/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults, injected into one PD at one of its instructions: in a kernel of its own
 * (elf/instruments.elf), which the tool takes only for --inject.
 *
 * The CPU's own debug facilities find the instruction, while that PD runs and only
 * then: a breakpoint at the place, and single steps from there. So nothing depends on
 * the emulator or the clock, and a run is the same each time.
 *
 * Source: Arm DDI 0487, D2 (self-hosted debug): breakpoint and software step exceptions
 * come to EL2 since HCR_EL2.TGE is set; D17.3 (DBGBCR<n>_EL1, MDSCR_EL1).
 */
#include "kernel.h"

#if DEVKIT_INSTRUMENTS

#include <stddef.h>

#define EC(esr)       ((esr) >> 26)
#define EC_BREAKPOINT 0x30
#define EC_STEP       0x32

#define MDSCR_SS  (1ULL << 0)
#define MDSCR_MDE (1ULL << 15)
#define SPSR_SS   (1ULL << 21)
/* Enabled, at EL0, all four bytes. */
#define BREAKPOINT (1 | 2 << 1 | 0xf << 5)

#define ENTRY_ADDRESS 0xfffffff000ULL
#define ENTRY_BLOCK   1ULL
#define ENTRY_KIND    3ULL

static unsigned number; /* of the injection that is next */
static uint64_t hits;   /* of its place */
static uint64_t steps;  /* to do before it, or before the breakpoint is set again */
static bool passing;    /* those steps only lead past the place */

static const struct injection *next_injection(void)
{
    return number < system.injection_count ? &system.injections[number] : NULL;
}

/* Before the PD goes on. */
void inject_arm(struct pd *pd)
{
    const struct injection *next = next_injection();
    bool here = next != NULL && pd == &pds[next->pd];

    WRITE_SYSREG(oslar_el1, 0);
    WRITE_SYSREG(dbgbvr0_el1, here ? next->place : 0);
    WRITE_SYSREG(dbgbcr0_el1, here && steps == 0 ? BREAKPOINT : 0);
    WRITE_SYSREG(mdscr_el1, here ? (steps != 0 ? MDSCR_SS : MDSCR_MDE) : 0);
    pd->regs.spsr &= ~SPSR_SS;
    if (here && steps != 0) {
        pd->regs.spsr |= SPSR_SS;
    }
}

static uint64_t *find_register(struct registers *regs, unsigned index)
{
    uint64_t *const above_15[] = {&regs->x16, &regs->x17, &regs->x18};
    uint64_t *const above_28[] = {&regs->x29, &regs->x30, &regs->sp, &regs->pc};

    if (index < 9) {
        return &regs->x[index];
    }
    if (index < 16) {
        return &regs->x9[index - 9];
    }
    if (index < 19) {
        return above_15[index - 16];
    }
    return index < 29 ? &regs->x19[index - 19] : above_28[index - 29];
}

/* Where the PD's address is in memory, as this kernel sees it; NULL if it is nowhere. */
static void *find_memory(const struct pd *pd, uint64_t address)
{
    uint64_t table = pd->space & ENTRY_ADDRESS;
    uint64_t size = 1ULL << 30;
    uint64_t index = address >> 30;

    for (unsigned level = 1; level <= 3 && address < 1ULL << 40; level++) {
        uint64_t entry = ((const uint64_t *)(ALL_MEMORY + table))[index];
        bool is_last = level == 3 || (entry & ENTRY_KIND) == ENTRY_BLOCK;
        if ((entry & 1) == 0) {
            return NULL;
        }
        table = entry & ENTRY_ADDRESS;
        if (is_last) {
            return (void *)(ALL_MEMORY + (table & ~(size - 1)) + (address & (size - 1)));
        }
        size >>= 9;
        index = (address / size) % 512;
    }
    return NULL;
}

static void inject(struct pd *pd, const struct injection *what)
{
    bool is_instruction = what->kind == INJECT_INSTRUCTION;
    uint64_t address = is_instruction ? pd->regs.pc : what->address;
    void *memory = what->kind == INJECT_REGISTER ? NULL : find_memory(pd, address);

    if (what->kind == INJECT_REGISTER) {
        *find_register(&pd->regs, (unsigned)address) = what->value;
    } else if (memory == NULL) {
        console_print("instruments: %s has no memory at %x\n", pd->image->name, address);
    } else if (is_instruction) {
        *(volatile uint32_t *)memory = (uint32_t)what->value;
    } else {
        *(volatile uint64_t *)memory = what->value;
    }
    __asm__ volatile("dsb sy\n ic ialluis\n dsb sy\n isb");
    console_print("instruments: %s: fault injected at %x\n", pd->image->name, pd->regs.pc);
    number++;
    hits = 0;
}

/* A debug exception. False if it is not ours. */
bool inject_debug(struct pd *pd, uint64_t esr)
{
    const struct injection *next = next_injection();

    if (next == NULL || (EC(esr) != EC_BREAKPOINT && EC(esr) != EC_STEP)) {
        return false;
    }
    if (EC(esr) == EC_STEP && steps > 0) {
        steps--;
    } else if (EC(esr) == EC_BREAKPOINT) {
        passing = ++hits < next->time;
        steps = passing ? 1 : next->count;
    }
    if (steps == 0 && !passing) {
        inject(pd, next);
    }
    passing = passing && steps != 0;
    return true;
}

#endif
