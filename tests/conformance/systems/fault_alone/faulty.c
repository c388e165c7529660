/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

/* At a known address: 0x200000. */
void store(uintptr_t address);
__asm__(".pushsection .text.start, \"ax\"\n store: str x0, [x0]\n ret\n .popsection");

void init(void)
{
    say("init");
    seL4_Signal(300);
    store(0x4000008);
    say("was not stopped");
}

void notified(microkit_channel ch)
{
    (void)ch;
}
