/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#include <stdbool.h>

#define LIVES 12

uintptr_t life;

void init(void)
{
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    volatile uint64_t *lives = (volatile uint64_t *)life;

    (void)reply_msginfo;
    say_number("fault of child", child);
    say_number("label", microkit_msginfo_get_label(msginfo));
    for (unsigned i = 0; i < microkit_msginfo_get_count(msginfo); i++) {
        bool is_stack = microkit_msginfo_get_label(msginfo) == seL4_Fault_UserException &&
                        i == seL4_UserException_SP;
        say_hex("word", is_stack ? 0 : microkit_mr_get(i));
    }
    seL4_UserContext context;
    seL4_TCB_ReadRegisters(BASE_TCB_CAP + child, 0, 0, sizeof context / sizeof(seL4_Word),
                           &context);
    say_hex("pc", context.pc);
    say_hex("x20", context.x20);
    if (++*lives == LIVES) {
        say_end();
    } else {
        microkit_pd_restart(child, CHILD_ENTRY);
    }
    return seL4_False;
}
