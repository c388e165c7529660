/* SPDX-License-Identifier: BSD-2-Clause */
/* Each life of the child has come to its end when this runs. */
#include "say.h"

void init(void)
{
    for (unsigned i = 0; i < 5; i++) {
        say("notifies it");
        microkit_notify(3);
        if (i >= 3) {
            microkit_notify(2);
            microkit_notify(3);
        }
        microkit_notify(1);
        spin(100000);
    }
    say_end();
}
