/* SPDX-License-Identifier: BSD-2-Clause */
/* quoll-sim: run a system of Quoll, or of the Microkit, on this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "diag.h"
#include "sim/campaign.h"
#include "sim/options.h"
#include "sim/sim.h"

struct sim_options sim_options;

/* AddressSanitizer's, in the build that has it: threads of ours have stacks of ours. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:detect_stack_use_after_return=0:use_sigaltstack=0";
}

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>

/* The sanitizer ends us: say where that was. */
static void on_death(void)
{
    fprintf(stderr, "quoll-sim: ERROR in %s, seed %lu, at %lu ns\n",
            sim_current != NULL ? sim_current->name : "the simulator", sim_options.seed,
            sim_machine.now);
}
#else
#define __sanitizer_set_death_callback(callback) ((void)0)
#endif

/* Addresses are values that programs see; so that runs are equal they must be. */
static void fix_addresses(char **argv)
{
    int now = personality(0xffffffff);

    if (now >= 0 && (now & ADDR_NO_RANDOMIZE) == 0 &&
        personality((unsigned long)now | ADDR_NO_RANDOMIZE) >= 0) {
        execv("/proc/self/exe", argv);
    }
}

int main(int argc, char **argv)
{
    fix_addresses(argv);
    diag_tool("quoll-sim");
    options_read(argc, argv);
    sim_weak = sim_options.weak;
    fault_install();
    __sanitizer_set_death_callback(on_death);
    system_load(sim_options.directory, sim_options.system);
    switch (sim_options.schedule) {
    case SIM_RANDOM:
        return campaign_random();
    case SIM_EXHAUSTIVE:
        return explore();
    case SIM_REPLAY:
        return campaign_replay();
    default:
        return campaign_single();
    }
}
