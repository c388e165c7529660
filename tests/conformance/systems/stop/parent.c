/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#define CHILD 3

void notified(microkit_channel ch)
{
    if (ch == 1) {
        say("restarts it");
        microkit_pd_restart(CHILD, CHILD_ENTRY);
    } else {
        say("stops it");
        microkit_pd_stop(CHILD);
    }
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    (void)reply_msginfo;
    say_number("fault", (unsigned)microkit_msginfo_get_label(msginfo));
    microkit_pd_stop(child);
    return seL4_False;
}
