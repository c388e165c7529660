/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    (void)child, (void)reply_msginfo;
    say_number("label", (unsigned)microkit_msginfo_get_label(msginfo));
    for (unsigned i = 1; i < microkit_msginfo_get_count(msginfo); i++) {
        say_hex("word", microkit_mr_get((seL4_Uint8)i));
    }
    say_end();
    return seL4_False;
}
