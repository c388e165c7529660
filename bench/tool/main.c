/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bench tool: `make bench` and its kin call it (mk/bench.mk).
 *
 *     bench measure SETTING... SET...              measure, print tables, keep results as JSON
 *     bench compare RESULTS BASELINE KIND SET...   fail if a count grew
 *     bench keep RESULTS BASELINE KIND SET...      what there is of these is the new baseline
 *     bench draw RESULTS DIRECTORY                 tables and curves
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "draw.h"
#include "figures.h"

struct settings settings = {.repeat = 3, .packets = 10000, .config = "release"};

static const struct {
    const char *name;
    void (*run)(void);
    const char *kind; /* of results that do not depend on the SDK */
} sets[] = {
    {"net", set_net, NULL},           {"block", set_block, NULL},
    {"linux", set_linux, "linux"},    {"queue", set_queue, NULL},
    {"ring", set_ring, "host"},       {"growth", set_growth, NULL},
    {"fairness", set_fairness, NULL}, {"overload", set_overload, NULL},
    {"size", set_size, NULL},
};
#define SETS (sizeof sets / sizeof sets[0])

void die(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "bench: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

const char *text(const char *format, ...)
{
    static char buffer[16][8192];
    static unsigned next;
    char *chosen = buffer[next++ % 16];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(chosen, sizeof buffer[0], format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof buffer[0]) {
        die("too long: %.60s...", chosen);
    }
    return chosen;
}

bool wanted(const char *name)
{
    return settings.only == NULL || strstr(name, settings.only) != NULL;
}

/* NAME=VALUE; false: it is a set's name. */
static bool take_setting(char *argument)
{
    const struct {
        const char *name;
        const char **text;
        unsigned *number;
    } known[] = {
        {"kind", &settings.kind, NULL},
        {"sdk", &settings.sdk, NULL},
        {"config", &settings.config, NULL},
        {"quoll", &settings.quoll, NULL},
        {"dtb", &settings.dtb, NULL},
        {"programs", &settings.programs, NULL},
        {"emulator", &settings.emulator, NULL},
        {"tools", &settings.tools, NULL},
        {"out", &settings.out, NULL},
        {"linux", &settings.linux, NULL},
        {"site", &settings.site, NULL},
        {"json", &settings.json, NULL},
        {"repeat", NULL, &settings.repeat},
        {"packets", NULL, &settings.packets},
        {"only", &settings.only, NULL},
        {"functions", NULL, &settings.functions},
        {"addresses", &settings.addresses, NULL},
    };
    char *equals = strchr(argument, '=');

    for (size_t i = 0; equals != NULL && i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].name) == (size_t)(equals - argument) &&
            strncmp(known[i].name, argument, (size_t)(equals - argument)) == 0) {
            if (known[i].text != NULL) {
                *known[i].text = equals[1] == '\0' ? NULL : equals + 1;
            } else {
                *known[i].number = (unsigned)strtoul(equals + 1, NULL, 0);
            }
            return true;
        }
    }
    if (equals != NULL) {
        die("%s: no such setting", argument);
    }
    return false;
}

static void measure_set(const char *name)
{
    for (size_t i = 0; i < SETS; i++) {
        if (strcmp(sets[i].name, name) == 0) {
            const char *kind = settings.kind;

            settings.kind = sets[i].kind == NULL ? kind : sets[i].kind;
            fprintf(stderr, "  BENCH   %s (%s, %s)\n", name, settings.kind, settings.config);
            figures_forget(name);
            sets[i].run();
            if (settings.only == NULL) {
                figures_save(settings.json);
            }
            printf("%s: %s, %s\n\n", name, settings.kind, settings.config);
            figures_table(name, stdout);
            settings.kind = kind;
            return;
        }
    }
    die("%s: no such set", name);
}

/* Settings first, then the sets. */
static int measure(int argc, char **argv)
{
    int i = 0;

    while (i < argc && take_setting(argv[i])) {
        i += 1;
    }
    if (settings.kind == NULL || settings.json == NULL || settings.out == NULL || i == argc) {
        die("measure needs kind=, json=, out= and a set");
    }
    figures_load(settings.only == NULL ? settings.json : NULL);
    for (; i < argc; i++) {
        measure_set(argv[i]);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";

    if (strcmp(verb, "measure") == 0) {
        return measure(argc - 2, argv + 2);
    }
    if (strcmp(verb, "compare") == 0 && argc >= 6) {
        return compare_results(argv[2], argv[3], argv[4], argv + 5) == 0 ? 0 : 1;
    }
    if (strcmp(verb, "keep") == 0 && argc >= 6) {
        figures_keep(argv[2], argv[3], argv[4], argv + 5);
        return 0;
    }
    if (strcmp(verb, "draw") == 0 && argc == 4) {
        draw_all(argv[2], argv[3]);
        return 0;
    }
    fprintf(stderr, "usage: bench measure|compare|keep|draw ..., see bench/tool/main.c\n");
    return 2;
}
