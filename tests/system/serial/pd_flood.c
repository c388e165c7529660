/* SPDX-License-Identifier: BSD-2-Clause */
/* Fills its queue as fast as it is emptied, without ever ending a line; stops at last. */
#include <string.h>

#include <quoll/pd.h>
#include <quoll/serial_client.h>

#define TOTAL 20000U

static struct serial_client console;
static char text[64];
static size_t done;

static void say(void)
{
    size_t written;

    do {
        size_t want = TOTAL - done < sizeof text ? TOTAL - done : sizeof text;

        written = serial_write(&console, text, want);
        done += written;
    } while (written > 0);
}

void pd_start(void)
{
    memset(text, 'f', sizeof text);
    serial_client_open(&console, "console");
    say();
}

void pd_wake(microkit_channel channel)
{
    serial_client_wake(&console, channel);
    say();
}
