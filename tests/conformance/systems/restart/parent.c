/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#define CHILD 3

static unsigned requests;

/* Its own request comes from a child that runs, that of the server from one that calls;
 * the driver runs when the child does not. */
void notified(microkit_channel ch)
{
    if (ch == 1 && ++requests == 3) {
        say("stops it");
        microkit_pd_stop(CHILD);
        return;
    }
    say_number("restarts it on", ch);
    microkit_pd_restart(CHILD, CHILD_ENTRY);
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    (void)reply_msginfo;
    say_number("fault", (unsigned)microkit_msginfo_get_label(msginfo));
    microkit_pd_restart(child, CHILD_ENTRY);
    return seL4_False;
}
