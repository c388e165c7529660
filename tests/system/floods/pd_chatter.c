/* SPDX-License-Identifier: BSD-2-Clause */
/* Says as much as the console takes, for ever. */
#include <quoll/pd.h>
#include <quoll/serial_client.h>

static struct serial_client console;

static void say(void)
{
    static const char line[] = "no end of this\n";

    while (serial_write(&console, line, sizeof line - 1U) == sizeof line - 1U) {}
}

void pd_start(void)
{
    serial_client_open(&console, "console");
    say();
}

void pd_wake(microkit_channel channel)
{
    serial_client_wake(&console, channel);
    say();
}
