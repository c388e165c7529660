/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void notified(microkit_channel ch)
{
    say_number("notified", ch);
}
