/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    seL4_UserContext context;

    (void)reply_msginfo;
    say_number("label", (unsigned)microkit_msginfo_get_label(msginfo));
    seL4_TCB_ReadRegisters(BASE_TCB_CAP + child, 0, 0, sizeof context / sizeof(seL4_Word),
                           &context);
    say_hex("below the top by", context.x19 - microkit_mr_get(seL4_VMFault_Addr));
    say_end();
    return seL4_False;
}
