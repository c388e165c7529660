/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coming up: what EL0 may do, then the PDs as the tool described them. All are ready
 * from the start and begin in the order of their priorities.
 */
#include "kernel.h"

#include <stddef.h>

/* HCR_EL2: EL0 traps to here (TGE), stage 2 on (VM), stage 1 off and cached (DC),
 * interrupts come here, AArch64. */
#define HCR_VM  (1ULL << 0)
#define HCR_FMO (1ULL << 3)
#define HCR_IMO (1ULL << 4)
#define HCR_AMO (1ULL << 5)
#define HCR_DC  (1ULL << 12)
#define HCR_TGE (1ULL << 27)
#define HCR_RW  (1ULL << 31)

/* VTCR_EL2: 40 bits from level 1 (two tables side by side), 4 KiB, write-back walks. */
#define VTCR (24 | (1 << 6) | (1 << 8) | (1 << 10) | (3 << 12) | (2 << 16) | (1U << 31))

/* SCTLR_EL1, for EL0: reserved ones, caches, CTR_EL0, WFI, WFE and cache maintenance
 * by address allowed; DC ZVA not, as on seL4. */
#define SCTLR_RES1 0x30d00800ULL
#define SCTLR_C    (1ULL << 2)
#define SCTLR_I    (1ULL << 12)
#define SCTLR_UCT  (1ULL << 15)
#define SCTLR_NTWI (1ULL << 16)
#define SCTLR_NTWE (1ULL << 18)
#define SCTLR_UCI  (1ULL << 26)

#define IPC_BUFFER_SIZE 4096
#define VMID_SHIFT      48

struct pd pds[MAX_PDS];

static void set_up_el0(void)
{
    WRITE_SYSREG(hcr_el2, HCR_VM | HCR_FMO | HCR_IMO | HCR_AMO | HCR_DC | HCR_TGE | HCR_RW);
    WRITE_SYSREG(vtcr_el2, VTCR);
    WRITE_SYSREG(sctlr_el1,
                 SCTLR_RES1 | SCTLR_C | SCTLR_I | SCTLR_UCT | SCTLR_NTWI | SCTLR_NTWE | SCTLR_UCI);
    WRITE_SYSREG(mdcr_el2, 0);
    WRITE_SYSREG(mdscr_el1, 0);
    WRITE_SYSREG(pmuserenr_el0, DEVKIT_BENCHMARK);
}

static void make_pd(uint64_t index)
{
    const struct pd_image *image = &system.pds[index];
    struct pd *pd = &pds[index];
    uint64_t ipc_buffer = KERNEL_OFFSET + IPC_BUFFERS + index * IPC_BUFFER_SIZE;

    pd->regs.pc = image->entry;
    pd->regs.sp = image->stack;
    pd->regs.spsr = SPSR_EL0;
    pd->priority = image->priority;
    pd->space = image->tables | (index + 1) << VMID_SHIFT;
    pd->image = image;
    pd->message = (uint64_t *)ipc_buffer + 1; /* after the tag */
    pd->own.limited = image->budget < image->period;
    pd->own.amount = clock_ticks(image->budget);
    pd->own.period = clock_ticks(image->period);
    pd->own.left = (int64_t)pd->own.amount;
    pd->budget = &pd->own;
    sched_ready(pd);
}

void kernel_boot(void)
{
    console_print("Quoll development kernel, not seL4: for testing only\n");
    set_up_el0();
    clock_init();
    fpu_init();
    irq_init();
    for (uint64_t i = 0; i < system.pd_count; i++) {
        make_pd(i);
    }
    sched_choose();
}

_Noreturn void kernel_panic(uint64_t esr, uint64_t pc, uint64_t address)
{
    console_print("kernel: stopped at %x, esr %x, address %x\n", pc, esr, address);
    for (;;) {
        __asm__ volatile("wfi");
    }
}
