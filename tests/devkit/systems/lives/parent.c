/* SPDX-License-Identifier: BSD-2-Clause */
/* Each notification of the driver is one step; the child is stopped when its own
 * notifications say so. */
#include "say.h"

#define CHILD 3

static unsigned steps;

void init(void)
{
}

static void step(void)
{
    switch (++steps) {
    case 1:
        say("stops the child, which waits");
        microkit_pd_stop(CHILD);
        break;
    case 2: /* the child was notified while it was stopped */
        say("starts the child");
        microkit_pd_restart(CHILD, CHILD_ENTRY);
        break;
    case 3:
        say("starts the child, which waits");
        microkit_pd_restart(CHILD, CHILD_ENTRY);
        break;
    default:
        say_end();
    }
}

void notified(microkit_channel ch)
{
    if (ch == 1) {
        step();
    } else {
        say("stops the child, which runs");
        microkit_pd_stop(CHILD);
        microkit_pd_restart(CHILD, CHILD_ENTRY);
    }
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)ch;
    say("stops the child, which calls");
    microkit_pd_restart(CHILD, CHILD_ENTRY);
    return msginfo;
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    (void)reply_msginfo;
    say_number("fault", microkit_msginfo_get_label(msginfo));
    microkit_pd_restart(child, CHILD_ENTRY);
    return seL4_False;
}
