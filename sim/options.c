/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "sim/sim.h"
#include "text.h"

static const char help[] =
    "quoll-sim - run a system on this machine\n"
    "\n"
    "  quoll-sim DIR [OPTION...]\n"
    "\n"
    "DIR is what quoll build --sdk host wrote.\n"
    "\n"
    "  --schedule KIND    priority (default), random, exhaustive, replay\n"
    "  --until SECONDS    of the system's time (default: for ever; random: 10)\n"
    "  --device NAME=OPTIONS  what a device is to be; see below\n"
    "  --processes        each protection domain in a process of its own\n"
    "  --pace             the system's time goes no faster than ours\n"
    "  --verbose          every step\n"
    "  --quiet            nothing of what the system says\n"
    "  --faults fail|deliver  what a fault is: the end (default but for priority), or the\n"
    "                     parent's business\n"
    "  --violations fail|tell  what a driver's breach of its device's rules is: the end\n"
    "                     (default), or a line of output\n"
    "  --gdb              stop at a failure, in gdb\n"
    "\n"
    "random: each run has a seed of its own, and any order of protection domains unless\n"
    "--priorities; a failure is shown with the shortest schedule found.\n"
    "  --seed N           of the first run (default 1)\n"
    "  --runs N           at most so many (default 100)\n"
    "  --time SECONDS     of ours, at most\n"
    "  --preempt N        at one in N accesses another protection domain runs (default 64)\n"
    "  --memory weak      stores may be seen late\n"
    "  --keep DIR         where failing schedules are written\n"
    "\n"
    "exhaustive: all orders. Time passes only when all are asleep.\n"
    "  --jobs N           processes (default: one per processor)\n"
    "  --states N         at most\n"
    "  --odd N            only schedules with at most N preemptions and other odd choices\n"
    "\n"
    "replay: --trace FILE, as --keep or a failure wrote it.\n"
    "\n"
    "Devices:\n";

extern const struct sim_model *const __start_sim_models[] __attribute__((weak));
extern const struct sim_model *const __stop_sim_models[] __attribute__((weak));

static _Noreturn void show_help(void)
{
    fputs(help, stdout);
    for (const struct sim_model *const *m = __start_sim_models; m < __stop_sim_models; m++) {
        printf("  %s%s%s\n      %s\n", (*m)->compatible, (*m)->class_name != NULL ? ", class " : "",
               (*m)->class_name != NULL ? (*m)->class_name : "",
               (*m)->help != NULL ? (*m)->help : "no options");
    }
    exit(0);
}

static uint64_t number(const char *option, const char *text)
{
    char *end;

    errno = 0;
    uint64_t value = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) {
        diag_fatal("%s %s: it must be a number", option, text);
    }
    return value;
}

static uint64_t seconds(const char *option, const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || value < 0 || value > 1e9) {
        diag_fatal("%s %s: it must be a number of seconds", option, text);
    }
    return (uint64_t)(value * 1e9);
}

static unsigned one_of(const char *option, const char *text, const char *const *names, size_t count)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            return i;
        }
    }
    const char *meant = diag_nearest(text, names, count);
    diag_fatal("%s %s: no such kind; did you mean %s?", option, text,
               meant != NULL ? meant : names[0]);
}

static void add_device(char *text)
{
    char *equals = strchr(text, '=');

    if (equals == NULL || equals == text || sim_options.device_count == SIM_MAX_DEVICES) {
        diag_fatal("--device %s: it must be NAME=OPTIONS", text);
    }
    sim_options.device[sim_options.device_count].name = text_copy(text, (size_t)(equals - text));
    sim_options.device[sim_options.device_count++].options = equals + 1;
}

static bool flags_given[2]; /* --faults, --until */

static bool take_flag(const char *option)
{
    struct sim_options *o = &sim_options;
    bool *const flags[] = {&o->pace, &o->verbose,    &o->quiet,
                           &o->stop, &o->priorities, &o->processes};
    static const char *const names[] = {"--pace", "--verbose",    "--quiet",
                                        "--stop", "--priorities", "--processes"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(option, names[i]) == 0) {
            *flags[i] = true;
            return true;
        }
    }
    return false;
}

static bool take_value(const char *option, char *value)
{
    static const char *const schedules[] = {"priority", "random", "exhaustive", "replay"};
    static const char *const faults[] = {"deliver", "fail"};
    static const char *const violations[] = {"fail", "tell"};
    static const char *const memories[] = {"ordered", "weak"};
    struct sim_options *o = &sim_options;

    if (strcmp(option, "--schedule") == 0) {
        o->schedule = one_of(option, value, schedules, 4);
    } else if (strcmp(option, "--faults") == 0) {
        o->faults_fail = one_of(option, value, faults, 2) == 1;
        flags_given[0] = true;
    } else if (strcmp(option, "--violations") == 0) {
        o->violations_told = one_of(option, value, violations, 2) == 1;
    } else if (strcmp(option, "--memory") == 0) {
        o->weak = one_of(option, value, memories, 2) == 1;
    } else if (strcmp(option, "--until") == 0) {
        o->until = seconds(option, value);
        flags_given[1] = true;
    } else if (strcmp(option, "--seed") == 0) {
        o->seed = number(option, value);
    } else if (strcmp(option, "--runs") == 0) {
        o->runs = number(option, value);
    } else if (strcmp(option, "--time") == 0) {
        o->time_limit = seconds(option, value);
    } else if (strcmp(option, "--preempt") == 0) {
        o->preempt = (unsigned)number(option, value);
    } else if (strcmp(option, "--jobs") == 0) {
        o->jobs = (unsigned)number(option, value);
    } else if (strcmp(option, "--states") == 0) {
        o->max_states = number(option, value);
    } else if (strcmp(option, "--odd") == 0) {
        o->odd = number(option, value);
    } else if (strcmp(option, "--system") == 0) {
        o->system = value;
    } else if (strcmp(option, "--trace") == 0) {
        o->trace = value;
    } else if (strcmp(option, "--keep") == 0) {
        o->keep = value;
    } else if (strcmp(option, "--device") == 0) {
        add_device(value);
    } else {
        return false;
    }
    return true;
}

/* gdb, with the same command line, in which --gdb is --stop. */
static _Noreturn void run_gdb(int argc, char **argv)
{
    char **command = text_alloc((size_t)argc + 16, sizeof *command);
    static char *const first[] = {"gdb", "-q",  "-ex",   "set breakpoint pending on",
                                  "-ex", "run", "--args"};
    size_t count = sizeof first / sizeof first[0];

    memcpy(command, first, sizeof first);
    for (int i = 0; i < argc; i++) {
        command[count++] = i == 0 ? argv[0] : strcmp(argv[i], "--gdb") == 0 ? "--stop" : argv[i];
    }
    execvp("gdb", command);
    diag_fatal("cannot run gdb: %s", strerror(errno));
}

static void set_defaults(void)
{
    struct sim_options *o = &sim_options;
    bool free_order = o->schedule != SIM_PRIORITY;

    o->frozen = o->schedule == SIM_EXHAUSTIVE;
    o->any_order = free_order && !o->priorities;
    if (!flags_given[0]) {
        o->faults_fail = free_order;
    }
    if (!flags_given[1]) {
        o->until = o->schedule == SIM_PRIORITY ? SIM_NEVER - 1U : 10000000000U;
    }
    if (o->schedule == SIM_REPLAY && o->trace == NULL) {
        diag_fatal("replay needs --trace FILE");
    }
    if (o->pace && free_order) {
        diag_fatal("--pace is for the schedule 'priority'");
    }
    if (o->processes && o->schedule == SIM_EXHAUSTIVE) {
        diag_fatal(
            "--processes is not for the schedule 'exhaustive', which saves and restores programs");
    }
    if (o->preempt == 0) {
        diag_fatal("--preempt 0: it must be at least 1");
    }
}

void options_read(int argc, char **argv)
{
    struct sim_options *o = &sim_options;

    *o = (struct sim_options){.system = "system.system",
                              .seed = 1,
                              .runs = 100,
                              .preempt = 64,
                              .max_states = UINT64_MAX,
                              .odd = UINT64_MAX,
                              .jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN)};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            show_help();
        } else if (strcmp(argv[i], "--gdb") == 0) {
            run_gdb(argc, argv);
        } else if (argv[i][0] != '-' && o->directory == NULL) {
            o->directory = argv[i];
        } else if (take_flag(argv[i])) {
            continue;
        } else if (i + 1 == argc || !take_value(argv[i], argv[i + 1])) {
            diag_fatal("unknown option %s, or one that needs a value; see quoll-sim --help",
                       argv[i]);
        } else {
            i++;
        }
    }
    if (o->directory == NULL) {
        diag_fatal("say which system: the directory that quoll build wrote");
    }
    set_defaults();
}
