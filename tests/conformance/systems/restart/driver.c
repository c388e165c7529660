/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    for (unsigned i = 0; i < 6; i++) {
        say("goes on");
        microkit_notify(1);
    }
    say("has gone on");
    spin(100000);
    say_end();
}
