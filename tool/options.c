/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/diag.h"
#include "lib/text.h"
#include "values.h"

static const char help[] =
    "quoll - put a system of device drivers and clients together\n"
    "\n"
    "  quoll build SYSTEM.yaml --dtb FILE --sdk DIR --config NAME --programs DIR... -o DIR\n"
    "  quoll check SYSTEM.yaml --dtb FILE --sdk DIR --config NAME --programs DIR...\n"
    "  quoll help\n"
    "\n"
    "build writes the Microkit's system file, a configured copy of each program, the image\n"
    "(loader.img), who may reach what (isolation.txt) and all of it for programs (system.json).\n"
    "check only looks.\n"
    "\n"
    "  --dtb FILE         device tree of the board\n"
    "  --sdk DIR          Microkit SDK; 'host': none, for the simulator\n"
    "  --config NAME      debug, release or benchmark\n"
    "  --programs DIR     where programs and drivers are; may be said again, the first wins\n"
    "  --disk NAME=IMAGE  check the partitions of this image for the block device NAME\n"
    "  --shuffle SEED     for tests: mix the order of start and the priorities\n"
    "  -o DIR             where to write\n";

static const char *const option_names[] = {"--dtb",  "--sdk",     "--config", "--programs",
                                           "--disk", "--shuffle", "-o"};
static const char *const config_names[] = {"debug", "release", "benchmark"};

static void check_config_name(const char *name)
{
    for (size_t i = 0; i < sizeof config_names / sizeof config_names[0]; i++) {
        if (strcmp(name, config_names[i]) == 0) {
            return;
        }
    }
    diag_fatal("--config %s: it must be debug, release or benchmark", name);
}

static uint64_t read_seed(const char *text)
{
    char *end;

    errno = 0;
    uint64_t seed = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) {
        diag_fatal("--shuffle %s: it must be a number", text);
    }
    return seed;
}

static struct disk_image read_disk(const char *text)
{
    const char *equals = strchr(text, '=');

    if (equals == NULL || equals == text || equals[1] == '\0') {
        diag_fatal("--disk %s: it must be NAME=IMAGE", text);
    }
    return (struct disk_image){text_copy(text, (size_t)(equals - text)), equals + 1};
}

static void refuse_option(const char *option)
{
    const char *nearest =
        diag_nearest(option, option_names, sizeof option_names / sizeof option_names[0]);

    if (nearest != NULL) {
        diag_fatal("unknown option %s; did you mean %s?", option, nearest);
    }
    diag_fatal("unknown option %s; see quoll help", option);
}

static void take_option(struct options *o, const char *option, const char *value)
{
    if (strcmp(option, "--dtb") == 0) {
        o->dtb = value;
    } else if (strcmp(option, "--sdk") == 0) {
        o->sdk = value;
    } else if (strcmp(option, "--config") == 0) {
        check_config_name(value);
        o->config = value;
    } else if (strcmp(option, "--programs") == 0) {
        LIST_ADD(&o->programs, value);
    } else if (strcmp(option, "--disk") == 0) {
        LIST_ADD(&o->disks, read_disk(value));
    } else if (strcmp(option, "--shuffle") == 0) {
        o->shuffles = true;
        o->seed = read_seed(value);
    } else {
        o->output = value;
    }
}

static void take_arguments(struct options *o, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        if (argv[i][0] != '-') {
            if (o->description != NULL) {
                diag_fatal("two system files: %s and %s", o->description, argv[i]);
            }
            o->description = argv[i];
            continue;
        }
        size_t n = 0;
        while (n < sizeof option_names / sizeof option_names[0] &&
               strcmp(argv[i], option_names[n]) != 0) {
            n++;
        }
        if (n == sizeof option_names / sizeof option_names[0]) {
            refuse_option(argv[i]);
        }
        if (i + 1 == argc) {
            diag_fatal("%s needs a value; see quoll help", argv[i]);
        }
        take_option(o, argv[i], argv[i + 1]);
        i++;
    }
}

static void require(bool given, const char *what)
{
    if (!given) {
        diag_fatal("%s is missing; see quoll help", what);
    }
}

struct options options_read(int argc, char **argv)
{
    struct options o = {0};
    const char *command = argc > 1 ? argv[1] : "help";

    if (strcmp(command, "help") == 0 || strcmp(command, "--help") == 0 ||
        strcmp(command, "-h") == 0) {
        fputs(help, stdout);
        exit(argc > 1 ? 0 : 1);
    }
    o.writes = strcmp(command, "build") == 0;
    if (!o.writes && strcmp(command, "check") != 0) {
        diag_fatal("unknown command '%s'; see quoll help", command);
    }
    take_arguments(&o, argc, argv);
    require(o.description != NULL, "the system file");
    require(o.dtb != NULL, "--dtb");
    require(o.sdk != NULL, "--sdk");
    require(o.config != NULL, "--config");
    require(o.programs.count > 0, "--programs");
    require(o.output != NULL || !o.writes, "-o");
    return o;
}
