/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static int constructed;

__attribute__((constructor)) static void construct(void)
{
    constructed = 42;
}

void init(void)
{
    say_number("constructor ran,", (unsigned)constructed);
    microkit_notify(1);
    say("still in init");
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
    say_end();
}
