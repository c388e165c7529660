/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    microkit_notify(3);
    microkit_notify(62);
    microkit_notify(0xffffffff);
    microkit_irq_ack(1);
    microkit_irq_ack(70);
    microkit_deferred_irq_ack(1);
    microkit_deferred_notify(63);
    say_number("deferred", (unsigned)microkit_have_signal);
    microkit_msginfo answer = microkit_ppcall(2, microkit_msginfo_new(5, 3));
    say_number("label", (unsigned)microkit_msginfo_get_label(answer));
    say_number("words", (unsigned)microkit_msginfo_get_count(answer));
    microkit_ppcall(1, microkit_msginfo_new(0, 0));
    microkit_notify(1);
    say_end();
}

void notified(microkit_channel ch)
{
    say_number("notified", ch);
}
