/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the composer and the SDK's tool patch: zeros here, read-only, in the text
 * segment. Written in assembly so that no compiler can take the zeros for values.
 */
    .section .rodata, "a"

/* <quoll/config.h>; its size is asserted there. */
    .balign 64
    .global quoll_config
    .type quoll_config, %object
    .size quoll_config, 8920
quoll_config:
    .space 8920

/* quoll_io_0, quoll_io_1, ...: one symbol per element, for setvar. */
    .global quoll_io
    .type quoll_io, %object
    .size quoll_io, 8 * 64
quoll_io:
    .altmacro
    .macro io_word n
    .global quoll_io_\n
    .type quoll_io_\n, %object
    .size quoll_io_\n, 8
quoll_io_\n:
    .quad 0
    .endm
    .set i, 0
    .rept 64
    io_word %i
    .set i, i + 1
    .endr
