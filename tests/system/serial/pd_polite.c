/* SPDX-License-Identifier: BSD-2-Clause */
/* Says 40 numbered lines, some in pieces, one longer than a line may be. */
#include <string.h>

#include <quoll/log.h>
#include <quoll/pd.h>
#include <quoll/serial_client.h>

#define LINES 40U

static struct serial_client console;
static char line[600];
static size_t length, done;
static unsigned lines;

static void next_line(void)
{
    lines += 1;
    done = 0;
    length = quoll_format(line, sizeof line, "line %u of %u\n", lines, LINES);
    if (lines == LINES / 2) {
        memset(line, 'x', 300);
        line[300] = '\n';
        length = 301;
    }
}

/* In pieces of seven bytes, until there is no room. */
static void say(void)
{
    for (;;) {
        if (done == length) {
            if (lines == LINES) {
                return;
            }
            next_line();
        }
        size_t piece = length - done < 7 ? length - done : 7;
        size_t written = serial_write(&console, line + done, piece);

        done += written;
        if (written < piece) {
            return;
        }
    }
}

void pd_start(void)
{
    serial_client_open(&console, "console");
    serial_client_log(&console);
    quoll_log("hello from %s, pd %u", quoll_config.name, quoll_config.pd);
    say();
}

void pd_wake(microkit_channel channel)
{
    serial_client_wake(&console, channel);
    say();
}
