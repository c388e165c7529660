/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In and out of the kernel. While a PD runs, SP_EL2 points at its registers (the
 * start of its struct pd); while the kernel runs, at the kernel's stack.
 */
#include "registers.h"

#define EC_SVC 0x15

    .macro save
    stp     x0, x1, [sp, #AT_X0]
    stp     x2, x3, [sp, #AT_X0 + 16]
    stp     x4, x5, [sp, #AT_X0 + 32]
    stp     x6, x7, [sp, #AT_X0 + 48]
    stp     x8, x16, [sp, #AT_X0 + 64]
    stp     x17, x18, [sp, #AT_X16 + 8]
    stp     x29, x30, [sp, #AT_X16 + 24]
    stp     x9, x10, [sp, #AT_X9]
    stp     x11, x12, [sp, #AT_X9 + 16]
    stp     x13, x14, [sp, #AT_X9 + 32]
    stp     x15, x19, [sp, #AT_X9 + 48]
    stp     x20, x21, [sp, #AT_X19 + 8]
    stp     x22, x23, [sp, #AT_X19 + 24]
    stp     x24, x25, [sp, #AT_X19 + 40]
    stp     x26, x27, [sp, #AT_X19 + 56]
    mrs     x1, elr_el2
    mrs     x2, sp_el0
    mrs     x3, spsr_el2
    str     x28, [sp, #AT_X19 + 72]
    stp     x1, x2, [sp, #AT_PC]
    str     x3, [sp, #AT_SPSR]
    mov     x0, sp
    adrp    x1, kernel_stack_top
    add     x1, x1, #:lo12:kernel_stack_top
    mov     sp, x1
    .endm

    .text
    .global resume
    .type resume, %function
resume:
    adrp    x0, current
    ldr     x0, [x0, #:lo12:current]
    mov     sp, x0
    ldp     x1, x2, [sp, #AT_PC]
    ldr     x3, [sp, #AT_SPSR]
    ldr     x28, [sp, #AT_X19 + 72]
    msr     elr_el2, x1
    msr     sp_el0, x2
    msr     spsr_el2, x3
    ldp     x26, x27, [sp, #AT_X19 + 56]
    ldp     x24, x25, [sp, #AT_X19 + 40]
    ldp     x22, x23, [sp, #AT_X19 + 24]
    ldp     x20, x21, [sp, #AT_X19 + 8]
    ldp     x15, x19, [sp, #AT_X9 + 48]
    ldp     x13, x14, [sp, #AT_X9 + 32]
    ldp     x11, x12, [sp, #AT_X9 + 16]
    ldp     x9, x10, [sp, #AT_X9]
    ldp     x29, x30, [sp, #AT_X16 + 24]
    ldp     x17, x18, [sp, #AT_X16 + 8]
    ldp     x8, x16, [sp, #AT_X0 + 64]
    ldp     x6, x7, [sp, #AT_X0 + 48]
    ldp     x4, x5, [sp, #AT_X0 + 32]
    ldp     x2, x3, [sp, #AT_X0 + 16]
    ldp     x0, x1, [sp, #AT_X0]
return_to_pd:
    eret
    .size resume, . - resume

    .type from_pd, %function
from_pd:
    save
    mrs     x1, esr_el2
    lsr     x2, x1, #26
    cmp     x2, #EC_SVC
    b.ne    1f
    bl      kernel_syscall
    b       resume
1:  bl      kernel_fault
    b       resume
    .size from_pd, . - from_pd

    .type interrupted, %function
interrupted:
    save
    bl      kernel_interrupt
    b       resume
    .size interrupted, . - interrupted

/* Nobody is ready: wait here, with interrupts on, for one that changes that. There is
 * nothing to come back to, so that it starts from an empty stack. */
    .global idle
    .type idle, %function
idle:
    dsb     sy
    msr     daifclr, #2
1:  wfi
    b       1b
    .size idle, . - idle

    .type idle_interrupted, %function
idle_interrupted:
    adrp    x1, kernel_stack_top
    add     x1, x1, #:lo12:kernel_stack_top
    mov     sp, x1
    bl      kernel_interrupt
    b       resume
    .size idle_interrupted, . - idle_interrupted

/* The kernel itself went wrong. */
    .type broken, %function
broken:
    mrs     x0, esr_el2
    mrs     x1, elr_el2
    mrs     x2, far_el2
    adrp    x3, kernel_stack_top
    add     x3, x3, #:lo12:kernel_stack_top
    mov     sp, x3
    b       kernel_panic
    .size broken, . - broken

    .macro vector target
    .balign 128
    b       \target
    .endm

/* Four each (synchronous, IRQ, FIQ, SError) from EL2 with SP_EL0, from EL2, from
 * EL0 in AArch64 and in AArch32, which no PD's SPSR allows. */
    .balign 2048
    .global vectors
vectors:
    .rept 5
    vector  broken
    .endr
    vector  idle_interrupted
    vector  broken
    vector  broken
    vector  from_pd
    vector  interrupted
    vector  interrupted
    vector  from_pd
    .rept 4
    vector  broken
    .endr
