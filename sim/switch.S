/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * void sim_switch(void **save, void *load): go on on another stack. System V ABI for
 * x86-64, 3.2.1: rbx, rbp and r12 to r15 are the callee's to keep.
 */
    .text
    .global sim_switch
    .type sim_switch, %function
sim_switch:
    push    %rbp
    push    %rbx
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    mov     %rsp, (%rdi)
    mov     %rsi, %rsp
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbx
    pop     %rbp
    ret
    .size sim_switch, . - sim_switch

    .section .note.GNU-stack, "", %progbits
