/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Says whether its child has run as long as it should have: 100,000 ticks of 16
 * instructions. By the UART itself, since this configuration has no debug console.
 */
#include <microkit.h>

#define CHILD 3
#define UART  ((volatile unsigned *)0x4000000)

static void say(const char *text)
{
    while (*text != '\0') {
        *UART = (unsigned char)*text++;
    }
}

void init(void)
{
    say(devkit_time_used(BASE_TCB_CAP + CHILD) < 100 ? "| at first: little\n"
                                                     : "| at first: much\n");
}

void notified(microkit_channel channel)
{
    seL4_Word used = devkit_time_used(BASE_TCB_CAP + CHILD);

    (void)channel;
    say(used >= 100000 && used < 100100 ? "| then: as long as it ran\n"
                                        : "| then: something else\n");
    say("| end\n");
}
