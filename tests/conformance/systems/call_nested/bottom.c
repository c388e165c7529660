/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static void call_on(microkit_channel ch)
{
    microkit_mr_set(0, 5);
    microkit_msginfo answer = microkit_ppcall(ch, microkit_msginfo_new(1, 1));
    say_number("label", (unsigned)microkit_msginfo_get_label(answer));
    say_number("word", (unsigned)microkit_mr_get(0));
}

void init(void)
{
    call_on(2);
    call_on(3);
    say_end();
}
