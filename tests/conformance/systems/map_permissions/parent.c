/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

/* What was not allowed goes on where x19 says. */
seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    seL4_UserContext context;

    (void)msginfo, (void)reply_msginfo;
    seL4_TCB_ReadRegisters(BASE_TCB_CAP + child, 0, 0, sizeof context / sizeof(seL4_Word),
                           &context);
    microkit_pd_restart(child, context.x19);
    return seL4_False;
}
