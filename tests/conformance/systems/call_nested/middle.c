/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)msginfo;
    microkit_mr_set(0, 10 * microkit_mr_get(0));
    microkit_ppcall(1, microkit_msginfo_new(0, 1));
    say_number("called on", ch);
    return microkit_msginfo_new(7, 1);
}
