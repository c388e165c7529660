/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the machine starts: the first byte of the image, with translation and caches
 * off. The loader puts everything in its place and goes on to the kernel.
 */
    .section .text.start, "ax"
    .global loader_start
    .type loader_start, %function
loader_start:
    msr     daifset, #0xf
    adr     x0, stack_top
    mov     sp, x0
    mrs     x0, currentel
    lsr     x0, x0, #2
    bl      loader_place
    ic      iallu
    dsb     sy
    isb
    br      x0
    .size loader_start, . - loader_start

    .data
    .balign 16
    .space 1024
stack_top:
