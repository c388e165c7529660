/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one way in: first start and every restart begin here.
 *
 * The supervisor's microkit_pd_restart() sets nothing but the program counter, so
 * this code makes the rest what it was at first: the stack pointer, zeroed
 * variables, and the words in which the SDK's tool told libmicrokit about the
 * protection domain. Those lie in .bss and would be lost; so the build renames
 * them (`live_...`) and gives their names to the read-only copies below, which is
 * where the tool then writes (see quoll_link in mk/program.mk). The rest of
 * libmicrokit's state starts as zero, but for one pointer. Our programs have no
 * other initialised variables; the build checks that.
 *
 * Linked first, so that it lies at the start of the text segment, at 0x200000,
 * where the supervisor knows it to be.
 */
#define CONFIG_STACK_TOP 8 /* offset in struct quoll_config */

    .section .text.start, "ax"
    .global quoll_start
    .type quoll_start, %function
quoll_start:
    adrp    x0, quoll_config
    add     x0, x0, :lo12:quoll_config
    ldr     x0, [x0, #CONFIG_STACK_TOP]
    mov     sp, x0
    msr     tpidr_el0, xzr
    mov     x29, xzr
    mov     x30, xzr

    ldr     x0, =_bss
    ldr     x1, =_bss_end
1:  cmp     x0, x1
    b.hs    2f
    str     wzr, [x0], #4
    b       1b
2:
    .macro restore word, size
    ldr     x0, =\word
    ldr     x1, =saved_\word
    add     x2, x1, #\size
3:  ldrb    w3, [x1], #1
    strb    w3, [x0], #1
    cmp     x1, x2
    b.ne    3b
    .endm
    restore microkit_name, 64
    restore microkit_irqs, 8
    restore microkit_notifications, 8
    restore microkit_pps, 8
    restore microkit_passive, 1

    ldr     x0, =__sel4_ipc_buffer
    ldr     x1, =quoll_ipc_buffer
    ldr     x1, [x1]
    str     x1, [x0]
    b       _start
    .ltorg
    .size quoll_start, . - quoll_start

    .section .rodata, "a"
    .macro saved word, size
    .balign 8
    .global saved_\word
    .type saved_\word, %object
    .size saved_\word, \size
saved_\word:
    .space \size
    .balign 8 /* the composer wants what is patched next to code to be whole words of zeros */
    .endm
    saved microkit_name, 64
    saved microkit_irqs, 8
    saved microkit_notifications, 8
    saved microkit_pps, 8
    saved microkit_passive, 1
