/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#define CHILD 0

void notified(microkit_channel ch)
{
    seL4_UserContext context;

    microkit_notify(ch);
    seL4_TCB_ReadRegisters(BASE_TCB_CAP + CHILD, 0, 0, sizeof context / sizeof(seL4_Word),
                           &context);
    microkit_pd_restart(CHILD, context.x19);
}
