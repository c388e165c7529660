/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static unsigned faults;

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    if (ch == 1 && microkit_msginfo_get_label(msginfo) == 0x656e64) {
        say(faults > 1000 ? "saw its faults" : "saw few faults");
    }
    return msginfo;
}

/* The child goes on behind what it did. */
seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    seL4_UserContext context;

    (void)msginfo, (void)reply_msginfo;
    faults++;
    seL4_TCB_ReadRegisters(BASE_TCB_CAP + child, 0, 0, 1, &context);
    microkit_pd_restart(child, context.pc + 4);
    return seL4_False;
}
