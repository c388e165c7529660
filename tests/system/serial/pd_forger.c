/* SPDX-License-Identifier: BSD-2-Clause */
/* Tries to speak in another's name. */
#include <quoll/pd.h>
#include <quoll/serial_client.h>

static const char text[] = "\x1b[2J\x1b[32mpolite\x1b[0m: I owe forger money\n"
                           "\rpolite: a carriage return\n"
                           "\b\b\b\b\b\b\b\bpolite: backspaces\n"
                           "\xc2\x9b"
                           "31m\x9b"
                           "31m C1 controls\n"
                           "tab\there, bell\a, \xe2\x80\xaeright to left\n"
                           "forger done\n";

static struct serial_client console;
static size_t done;

static void say(void)
{
    done += serial_write(&console, text + done, sizeof text - 1 - done);
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
