/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    (void)reply_msginfo;
    say_number("fault of", child);
    say_number("label", (unsigned)microkit_msginfo_get_label(msginfo));
    return seL4_False;
}
