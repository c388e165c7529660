/* SPDX-License-Identifier: BSD-2-Clause */
/* What the simulator says while a system runs: its console, its steps. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <quoll/link.h>

#include "sim/sim.h"

#define NS_PER_S 1000000000U

void report_step_always(const char *format, ...)
{
    va_list arguments;

    printf("[%3lu.%09lu] ", sim_machine.now / NS_PER_S, sim_machine.now % NS_PER_S);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void report_output(const char *text)
{
    if (!sim_options.quiet) {
        fputs(text, stdout);
        fflush(stdout);
    }
}

void report_fault(const char *text)
{
    if (!sim_options.quiet) {
        printf("sim: %s\n", text);
        fflush(stdout);
    }
}

/* The names of <quoll/link.h> for an offset in a half. */
static const char *name_of(uint64_t offset)
{
    static const struct {
        uint64_t offset;
        const char *name;
    } names[] = {
        {offsetof(struct link_half, life), "life"},
        {offsetof(struct link_half, seen), "seen"},
        {offsetof(struct link_half, consume.head), "head"},
        {offsetof(struct link_half, consume.wake_at), "wake_at"},
        {offsetof(struct link_half, generation), "generation"},
        {offsetof(struct link_half, produce.tail), "tail"},
        {offsetof(struct link_half, produce.room_at), "room_at"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].offset == offset) {
            return names[i].name;
        }
    }
    return offset >= sizeof(struct link_half)           ? "an entry"
           : offset >= offsetof(struct link_half, info) ? "info"
                                                        : "the header";
}

void report_access_always(const struct sim_view *view, uintptr_t address, uint64_t size,
                          unsigned kind)
{
    uint64_t offset = address - view->address;
    bool is_half = view->region->produces != 0 || view->region->consumes != 0;

    report_step_always("%s %s %s%s'%s' + 0x%lx (%lu)", sim_current->name,
                       (kind & SIM_WRITE) != 0 ? "writes" : "reads", is_half ? name_of(offset) : "",
                       is_half ? " of " : "", view->region->name, offset, size);
}
