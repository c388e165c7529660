/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a PD starts; the kernel has set the stack. */
    .section .text.start, "ax"
    .global _start
    .type _start, %function
_start:
    b       main
    .size _start, . - _start
