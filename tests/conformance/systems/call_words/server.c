/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    seL4_Word count = microkit_msginfo_get_count(msginfo);

    say_number("called on", ch);
    say_number("label", microkit_msginfo_get_label(msginfo));
    say_number("words", count);
    for (unsigned i = 0; i < count; i++) {
        microkit_mr_set(i, 2 * microkit_mr_get(i));
    }
    return microkit_msginfo_new(microkit_msginfo_get_label(msginfo) + 1, count);
}
