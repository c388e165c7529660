/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    microkit_deferred_notify(1);
    say("has deferred 1");
    say_number("slot taken", microkit_have_signal);
}

/* One slot: 2 is lost. */
void notified(microkit_channel ch)
{
    say_number("notified", ch);
    say_number("slot taken", microkit_have_signal);
    microkit_deferred_notify(2);
    microkit_deferred_notify(3);
    say("has deferred 2 and 3");
}
