/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static unsigned faults;

/* The first it mends, at the second it faults itself. */
seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    seL4_UserContext context;

    (void)msginfo, (void)reply_msginfo;
    say_number("fault of", child);
    if (++faults == 2) {
        *(volatile int *)0x1000 = 0;
    }
    seL4_TCB_ReadRegisters(BASE_TCB_CAP + child, 0, 0, 1, &context);
    microkit_pd_restart(child, context.pc + 4);
    return seL4_False;
}
