/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Microkit's entry points, for all programs: check what the composer wrote, begin
 * the counters, and pass on.
 */
#include <string.h>

#include <quoll/counters.h>
#include <quoll/panic.h>
#include <quoll/pd.h>

static void start_counters(void)
{
    struct quoll_counters *page = counters();

    memset(page, 0, sizeof *page);
    page->version = QUOLL_CONFIG_VERSION;
    page->links = quoll_config.links;
    memcpy(page->name, quoll_config.name, sizeof page->name);
    page->magic = QUOLL_COUNTERS_MAGIC;
}

void init(void)
{
    if (quoll_config.magic != QUOLL_CONFIG_MAGIC || quoll_config.version != QUOLL_CONFIG_VERSION) {
        microkit_dbg_puts(microkit_name);
        microkit_dbg_puts(": not composed by quoll, or by another version of it\n");
        __builtin_trap();
    }
    start_counters();
    pd_start();
}

void notified(microkit_channel channel)
{
    pd_wake(channel);
}
