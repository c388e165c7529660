/* SPDX-License-Identifier: BSD-2-Clause */
/* fetch WAKEUPS PROGRAM.elf...: a line per program, and what was loaded twice; 1 if anything was.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"

#define LIES 20U /* wake-ups with a lying peer, the last ones */

static struct totals run_once(const char *path, const char *name, unsigned long wakeups, bool lying)
{
    struct machine *m = machine_new(path);
    struct world *world = world_new(m, name);
    bool ok = world != NULL && machine_run(m, 0);

    if (world == NULL) {
        fprintf(stderr, "fetch: nothing is known of the neighbours of %s\n", name);
    }
    for (unsigned long n = 0; ok && n < wakeups + (lying ? LIES : 0U); n++) {
        if (n == wakeups) {
            machine_lie(m);
        }
        ok = machine_run(m, world_act(world));
    }
    struct totals totals = machine_totals(m);

    totals.findings += !ok;
    machine_free(m);
    return totals;
}

static void add(struct totals *to, const struct totals *more)
{
    to->lies += more->lies;
    to->instructions += more->instructions;
    to->findings += more->findings;
    to->wakeups += more->wakeups;
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        to->bytes[i] += more->bytes[i];
    }
}

/* One long life with honest neighbours, and many short ones in which they come to lie. */
static bool run(const char *path, unsigned long wakeups)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    struct totals t = run_once(path, name, wakeups, false);

    for (unsigned long n = 0; n < wakeups / LIES && t.findings == 0; n++) {
        struct totals more = run_once(path, name, n, true);
        add(&t, &more);
    }
    printf("%s: wake-ups %" PRIu64 ", instructions %" PRIu64 ", loads that ran %" PRIu64
           " of %" PRIu64,
           name, t.wakeups, t.instructions, t.executed, t.load_instructions);
    printf("; bytes of entries %" PRIu64 ", data %" PRIu64 ", information %" PRIu64
           ", answers %" PRIu64 ", tables %" PRIu64 "; impossible indices %" PRIu64
           "; findings %u\n",
           t.bytes[KIND_ENTRY] + t.bytes[KIND_BYTE], t.bytes[KIND_DATA], t.bytes[KIND_INFO],
           t.bytes[KIND_ANSWER], t.bytes[KIND_TABLE], t.lies, t.findings);
    return t.findings == 0;
}

int main(int argc, char **argv)
{
    bool good = true;

    for (int i = 2; i < argc; i++) {
        good = run(argv[i], strtoul(argv[1], NULL, 10)) && good;
    }
    return good ? 0 : 1;
}
