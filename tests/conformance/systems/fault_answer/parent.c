/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static unsigned faults;

/* Two tries for each. */
seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    say_number("fault of", child);
    say_number("label", (unsigned)microkit_msginfo_get_label(msginfo));
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return ++faults % 2 == 1;
}
