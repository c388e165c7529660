/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static inline void call_with(unsigned count)
{
    unsigned right = 0;

    for (unsigned i = 0; i < 64; i++) {
        microkit_mr_set(i, 0x100000000UL * i + 7);
    }
    microkit_msginfo answer = microkit_ppcall(4, microkit_msginfo_new(count + 100, count));
    for (unsigned i = 0; i < count; i++) {
        right += microkit_mr_get(i) == 0x200000000UL * i + 14;
    }
    say_number("answer's label", microkit_msginfo_get_label(answer));
    say_number("answer's words", microkit_msginfo_get_count(answer));
    say_number("right", right);
}

void notified(microkit_channel ch)
{
    (void)ch;
}
