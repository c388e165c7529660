/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

/* Its one channel is the one that it has a bit for. */
void init(void)
{
    microkit_channel ch = (microkit_channel)__builtin_ctzl(microkit_notifications);
    microkit_msginfo answer = microkit_ppcall(ch, microkit_msginfo_new(0, 0));

    if (microkit_msginfo_get_label(answer) != 61 - ch) {
        say("is answered on another's channel");
    }
    microkit_notify(ch);
}
