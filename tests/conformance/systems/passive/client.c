/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    for (unsigned i = 0; i < 2; i++) {
        microkit_msginfo answer = microkit_ppcall(1, microkit_msginfo_new(i, 0));
        say_number("answer", (unsigned)microkit_msginfo_get_label(answer));
        microkit_notify(1);
    }
    if (microkit_name[0] == 'o') {
        say_end();
    }
}
