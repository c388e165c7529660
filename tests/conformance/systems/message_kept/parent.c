/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static unsigned faults;

static unsigned words_changed(void)
{
    unsigned changed = 0;

    for (seL4_Uint8 i = 0; i < 4; i++) {
        changed += microkit_mr_get(i) != 0xabcd0000UL + i;
    }
    return changed;
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    seL4_UserContext context;

    (void)msginfo, (void)reply_msginfo;
    for (seL4_Uint8 i = 0; i < 4; i++) {
        microkit_mr_set(i, 0xabcd0000UL + i);
    }
    seL4_TCB_ReadRegisters(BASE_TCB_CAP + child, 0, 0, sizeof context / sizeof(seL4_Word),
                           &context);
    say_number("changed by reading", words_changed());
    microkit_pd_restart(child, CHILD_ENTRY);
    say_number("changed by restarting", words_changed());
    microkit_pd_stop(child);
    say_number("changed by stopping", words_changed());
    if (++faults == 2) {
        say_end();
    }
    microkit_pd_restart(child, CHILD_ENTRY);
    return seL4_False;
}
