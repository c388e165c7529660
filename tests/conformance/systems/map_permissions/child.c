/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#define RET 0xd65f03c0U

uintptr_t standard, r, rw, rx, rwx, x;

/* 1 if it was done; the parent goes on at the label if not. */
uint64_t read_it(uintptr_t at);
uint64_t write_it(uintptr_t at);
uint64_t execute_it(uintptr_t at);
__asm__(".text\n"
        ".macro attempt name, instruction\n"
        "\\name: stp x19, x30, [sp, #-16]!\n mov x9, x0\n mov x0, #0\n adr x19, 1f\n"
        "\\instruction\n mov x0, #1\n 1: ldp x19, x30, [sp], #16\n ret\n"
        ".endm\n"
        "attempt read_it, \"ldr w10, [x9]\"\n"
        "attempt write_it, \"str wzr, [x9, #8]\"\n"
        "attempt execute_it, \"blr x9\"\n");

static void try(const char *perms, uintptr_t at)
{
    say_start(perms);
    microkit_dbg_puts(read_it(at) ? " read" : " -");
    microkit_dbg_puts(write_it(at) ? " write" : " -");
    microkit_dbg_puts(execute_it(at) ? " execute\n" : " -\n");
}

void init(void)
{
    *(volatile uint32_t *)rw = RET;
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %1\n dsb ish\n isb"
                     :
                     : "r"(rw), "r"(rx)
                     : "memory");
    try("default", standard);
    try("r", r);
    try("rw", rw);
    try("rx", rx);
    try("rwx", rwx);
    try("x", x);
    say_end();
}
