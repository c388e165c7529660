/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

uint64_t where;
static unsigned lives = 1;

/* Notifies the parent with x19 as where to go on, and spins; there, x20 to x22, sp and
 * the thread register are compared. */
uint64_t be_restarted(void);
__asm__(".text\n"
        "be_restarted:\n"
        "stp x19, x20, [sp, #-48]!\n stp x21, x22, [sp, #16]\n str x30, [sp, #32]\n"
        "adr x19, 1f\n mov x20, #20\n mov x21, #21\n mov x22, sp\n"
        "mov x0, #0x4567\n msr tpidr_el0, x0\n"
        "bl tell_parent\n"
        "b .\n"
        "1: mov x0, #0\n mov x1, sp\n mrs x2, tpidr_el0\n mov x3, #0x4567\n"
        "cmp x20, #20\n cinc x0, x0, ne\n cmp x21, #21\n cinc x0, x0, ne\n"
        "cmp x22, x1\n cinc x0, x0, ne\n cmp x2, x3\n cinc x0, x0, ne\n"
        "ldr x30, [sp, #32]\n ldp x21, x22, [sp, #16]\n ldp x19, x20, [sp], #48\n ret\n");

void tell_parent(void);
void tell_parent(void)
{
    microkit_notify(4);
}

void init(void)
{
    lives++;
    say_number("registers changed", (unsigned)be_restarted());
    say_number("lives", ++lives);
    say_hex("where", where);
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
    say_end();
}
