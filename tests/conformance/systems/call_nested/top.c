/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    say_number("called on", ch);
    microkit_mr_set(0, microkit_mr_get(0) + 1);
    return msginfo;
}
