/* SPDX-License-Identifier: BSD-2-Clause */
/* One run: power on, then whoever is to run runs, until all is quiet or something fails. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/process.h"
#include "sim/sim.h"

struct sim_outcome sim_outcome;

static void note(const char *format, va_list arguments)
{
    if (!sim_outcome.failed) {
        sim_outcome.failed = true;
        vsnprintf(sim_outcome.what, sizeof sim_outcome.what, format, arguments);
        report_step("FAILURE: %s", sim_outcome.what);
        if (sim_options.stop && sim_options.stops_now) {
            raise(SIGTRAP); /* the debugger is here, on the program's own stack if it has run */
        }
    }
}

void run_note_failure(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    note(format, arguments);
    va_end(arguments);
}

void run_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    note(format, arguments);
    va_end(arguments);
    kernel_abandon();
}

void run_power_on(void)
{
    sim_outcome.failed = false;
    sim_current = NULL;
    memory_reset();
    clock_reset();
    kernel_reset();
    choice_begin();
    device_power_on();
}

/* What only tests' programs say of themselves. */
static void ask_programs(void)
{
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        struct sim_pd *pd = &sim_system.pds[i];
        if (pd->at_rest != NULL && !(sim_options.processes ? process_at_rest(pd) : pd->at_rest())) {
            run_note_failure("%s: all are asleep for ever, and it is not at rest", pd->name);
        }
    }
}

bool run_rest(void)
{
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        kernel_flush(&sim_system.pds[i], SIM_LATE_STORES);
    }
    watch_check();
    bool finished = clock_next() == SIM_NEVER && !device_watched();
    if (finished) {
        ask_programs();
    }
    return !sim_outcome.failed && clock_advance();
}

bool run_once(void)
{
    struct sim_pd *pd;
    bool goes_on = true;

    run_power_on();
    while (goes_on && !sim_outcome.failed && sim_machine.now < sim_options.until) {
        clock_events();
        pd = choice_next();
        if (pd != NULL) {
            kernel_resume(pd);
        } else {
            goes_on = run_rest();
        }
    }
    device_stop();
    return !sim_outcome.failed;
}
