/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the loader, at EL2, at the physical address, translation off: turn it on and
 * go on at the virtual address. The map (mmu.c) shows the kernel at both addresses,
 * so that the instruction after the switch is there.
 */
#include "image.h"

/* MAIR_EL2: 0 device nGnRnE, 1 normal write-back. */
#define MAIR 0xff00
/* TCR_EL2: 40 bits in and out, 4 KiB granule, inner shareable, write-back walks. */
#define TCR 0x80823518
/* SCTLR_EL2: what is reserved as one; MMU, caches, stack alignment; writable: not executable. */
#define SCTLR (0x30c50830 | (1 << 0) | (1 << 2) | (1 << 3) | (1 << 12) | (1 << 19))

    .section .text.start, "ax"
    .global kernel_start
    .type kernel_start, %function
kernel_start:
    ldr     x0, =MAIR
    msr     mair_el2, x0
    ldr     x0, =TCR
    msr     tcr_el2, x0
    adrp    x0, kernel_tables
    msr     ttbr0_el2, x0
    tlbi    alle2
    tlbi    alle1
    ic      iallu
    dsb     sy
    isb
    ldr     x0, =SCTLR
    msr     sctlr_el2, x0
    isb
    ldr     x0, =high
    br      x0

high:
    ldr     x0, =vectors
    msr     vbar_el2, x0
    ldr     x0, =kernel_stack_top
    mov     sp, x0
    bl      kernel_boot
    b       resume

    .ltorg
    .size kernel_start, . - kernel_start

    .bss
    .balign 16
    .space 8192
    .global kernel_stack_top
kernel_stack_top:
