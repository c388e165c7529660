/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

/* Fill v0 to v31, x9 to x15, x19 to x28, tpidr_el0 and fpcr with values made from
 * `seed`, spin, and compare: the number of values that changed. */
uint64_t keep(uint64_t seed, uint64_t loops);

__asm__(".text\n"
        ".balign 16\n"
        ".arch_extension fp\n.arch_extension simd\n"
        "keep:\n"
        "stp x19, x20, [sp, #-80]!\n stp x21, x22, [sp, #16]\n stp x23, x24, [sp, #32]\n"
        "stp x25, x26, [sp, #48]\n stp x27, x28, [sp, #64]\n"
        ".irp n, 9,10,11,12,13,14,15,19,20,21,22,23,24,25,26,27,28\n add x\\n, x0, #\\n\n .endr\n"
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,"
        "30,31\n add x2, x0, #\\n\n fmov d\\n, x2\n mov v\\n\\().d[1], x2\n .endr\n"
        "msr tpidr_el0, x0\n and x2, x0, #0xc00000\n msr fpcr, x2\n"
        "1: subs x1, x1, #1\n b.ne 1b\n"
        "mov x3, #0\n"
        ".irp n, 9,10,11,12,13,14,15,19,20,21,22,23,24,25,26,27,28\n add x2, x0, #\\n\n"
        " cmp x2, x\\n\n cinc x3, x3, ne\n .endr\n"
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,"
        "30,31\n add x2, x0, #\\n\n fmov x4, d\\n\n cmp x2, x4\n cinc x3, x3, ne\n"
        " mov x4, v\\n\\().d[1]\n cmp x2, x4\n cinc x3, x3, ne\n .endr\n"
        "mrs x2, tpidr_el0\n cmp x2, x0\n cinc x3, x3, ne\n"
        "mrs x2, fpcr\n and x4, x0, #0xc00000\n cmp x2, x4\n cinc x3, x3, ne\n"
        "mov x0, x3\n"
        "ldp x21, x22, [sp, #16]\n ldp x23, x24, [sp, #32]\n ldp x25, x26, [sp, #48]\n"
        "ldp x27, x28, [sp, #64]\n ldp x19, x20, [sp], #80\n ret\n");

void notified(microkit_channel ch)
{
    (void)ch;
}
