/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    (void)child, (void)reply_msginfo;
    say_number("label", (unsigned)microkit_msginfo_get_label(msginfo));
    say_number("words", (unsigned)microkit_msginfo_get_count(msginfo));
    say_end();
    return seL4_False;
}
