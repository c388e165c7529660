/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

static int constructed;

__attribute__((constructor)) static void construct(void)
{
    constructed = 42;
}

void init(void)
{
    say_number("constructor ran,", constructed);
    microkit_notify(3);
    microkit_irq_ack(70);
    say_end();
}

void notified(microkit_channel ch)
{
    (void)ch;
}
