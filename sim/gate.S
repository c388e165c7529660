/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way from a program into the simulator: like a system call, each goes to a function
 * of sim_calls (sim/calls.h), by its place there.
 *
 * In an exhaustive search the program's stack is part of a state, and what the simulator
 * would leave on it is not. So there (sim_kernel_stack is not NULL) the simulator has a
 * stack of its own for each protection domain. What is pushed here on the program's, all
 * registers that the call must keep and the arguments that it has not dealt with yet, is
 * where the program is; its stack pointer comes to lie in the word at sim_kernel_stack.
 *
 * System V ABI for x86-64, 3.2.1 and 3.2.3.
 */
    .text

.macro GATE name, place, arguments
    .global \name
    .type \name, %function
\name:
    .cfi_startproc
.if \arguments < 3 /* what is left in these registers is not part of a state */
    xor     %edx, %edx
.endif
.if \arguments < 2
    xor     %esi, %esi
.endif
.if \arguments < 1
    xor     %edi, %edi
.endif
    mov     sim_calls(%rip), %rax
    mov     8 * \place(%rax), %rax
    cmpq    $0, sim_kernel_stack(%rip)
    jne     change_stack
    jmp     *%rax
    .cfi_endproc
    .size \name, . - \name
.endm

    GATE sim_access, 0, 3
    GATE sim_mmio_read, 1, 2
    GATE sim_mmio_write, 2, 3
    GATE sim_timer_write, 3, 2
    GATE sim_notify, 4, 1
    GATE sim_irq_ack, 5, 1
    GATE sim_sleep, 6, 0
    GATE sim_counter, 7, 0
    GATE sim_out_of_fuel, 8, 0
    GATE sim_store_late, 9, 3
    GATE sim_load_own, 10, 3
    GATE sim_fence, 11, 0
    GATE sim_call, 12, 2
    GATE sim_reply, 13, 1
    GATE sim_received, 14, 0
    GATE microkit_mr_get, 15, 1
    GATE microkit_mr_set, 16, 2
    GATE microkit_dbg_puts, 17, 1
    GATE microkit_pd_restart, 18, 2
    GATE microkit_pd_stop, 19, 1

    .type change_stack, %function
change_stack:
    .cfi_startproc
    push    %rbx
    .cfi_def_cfa_offset 16
    .cfi_offset rbx, -16
    push    %rbp
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    push    %rdi
    push    %rsi
    push    %rdx
    mov     %rsp, %rbx
    .cfi_def_cfa rbx, 80
    mov     sim_kernel_stack(%rip), %rsp
    mov     %rbx, (%rsp)
    call    *%rax
    lea     24(%rbx), %rsp
    .cfi_def_cfa rsp, 56
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbp
    pop     %rbx
    .cfi_def_cfa_offset 8
    ret
    .cfi_endproc
    .size change_stack, . - change_stack

    .section .note.GNU-stack, "", %progbits
