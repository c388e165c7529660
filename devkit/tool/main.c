/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * microkit: from a system description and programs to an image that boots, with the
 * command line of the official tool.
 *
 * Everything is decided here, before the system runs: who is where, who may reach and
 * name whom. description.c and check.c read and judge, memory.c finds places, tables.c
 * and build.c write down the result, parts.c packs it.
 */
#include "build.h"
#include "faults.h"
#include "image.h"
#include "memory.h"
#include "parts.h"
#include "text.h"

#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct arguments {
    const char *system;
    const char *board;
    const char *config;
    const char *output;
    const char *report;
    const char **search_paths; /* the current directory, then those given */
    size_t search_path_count;
    const char **faults;
    size_t fault_count;
};

static void print_usage(FILE *out)
{
    fprintf(out, "usage: microkit [-h] [-o OUTPUT] [-r REPORT] --board BOARD --config CONFIG "
                 "[--search-path [SEARCH_PATH ...]] system\n");
}

static _Noreturn void misused(const char *text)
{
    print_usage(stderr);
    fprintf(stderr, "microkit: error: %s\n", text);
    exit(1);
}

static bool is_directory(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* The names of the directories in a directory, in one line. */
static char *list_directories(const char *path)
{
    struct dirent **entries;
    char *list = text_format("%s", "");
    int n = scandir(path, &entries, NULL, alphasort);

    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.' &&
            is_directory(text_format("%s/%s", path, entries[i]->d_name))) {
            list = text_format("%s%s%s", list, *list != '\0' ? ", " : "", entries[i]->d_name);
        }
    }
    return list;
}

/* MICROKIT_SDK, or where this program is. */
static const char *find_sdk(void)
{
    char path[PATH_MAX];
    const char *given = getenv("MICROKIT_SDK");
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    if (given == NULL && length <= 0) {
        diag_fatal("cannot find the SDK: set MICROKIT_SDK");
    }
    if (given == NULL) {
        path[length] = '\0';
        given = text_format("%s", dirname(dirname(path)));
    }
    if (!is_directory(text_format("%s/board", given))) {
        diag_fatal("the SDK directory '%s' has no 'board'", given);
    }
    return given;
}

static void print_help(const char *sdk)
{
    print_usage(stdout);
    printf("\npositional arguments:\n  system\n\noptions:\n"
           "  -h, --help, show this help message and exit\n"
           "  -o, --output OUTPUT\n"
           "  -r, --report REPORT\n"
           "  --board %s\n"
           "  --config CONFIG\n"
           "  --search-path [SEARCH_PATH ...]\n"
           "  --inject PD@PLACE[#TIME][+COUNT]:WHAT=VALUE, a fault (development SDK only)\n",
           list_directories(text_format("%s/board", sdk)));
}

struct option {
    const char *brief, *name;
    const char **value;
};

/* The option that takes a value and that `text` is; NULL if it is none of them. */
static const struct option *find_option(const struct option *options, size_t count,
                                        const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, options[i].name) == 0 ||
            (options[i].brief != NULL && strcmp(text, options[i].brief) == 0)) {
            return &options[i];
        }
    }
    return NULL;
}

static void check_complete(const struct arguments *a)
{
    const char *missing =
        text_format("%s%s%s", a->board == NULL ? ", --board" : "",
                    a->config == NULL ? ", --config" : "", a->system == NULL ? ", system" : "");

    if (*missing != '\0') {
        misused(text_format("the following arguments are required: %s", missing + 2));
    }
}

static void read_arguments(struct arguments *a, int argc, char **argv, const char *sdk)
{
    const struct option options[] = {
        {"-o", "--output", &a->output},
        {"-r", "--report", &a->report},
        {NULL, "--board", &a->board},
        {NULL, "--config", &a->config},
    };
    bool in_search_path = false;

    if (argc <= 1) {
        print_usage(stdout);
        exit(1);
    }
    for (int i = 1; i < argc; i++) {
        const struct option *option =
            find_option(options, sizeof options / sizeof *options, argv[i]);
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            print_help(sdk);
            exit(0);
        } else if (option != NULL && i + 1 == argc) {
            misused(text_format("argument %s%s%s: expected one argument",
                                option->brief != NULL ? option->brief : "",
                                option->brief != NULL ? "/" : "", option->name));
        } else if (option != NULL) {
            *option->value = argv[++i];
            in_search_path = false;
        } else if (strcmp(argv[i], "--inject") == 0 && i + 1 < argc) {
            *APPEND(a->faults, a->fault_count) = argv[++i];
            in_search_path = false;
        } else if (strcmp(argv[i], "--search-path") == 0) {
            in_search_path = true;
        } else if (in_search_path) {
            *APPEND(a->search_paths, a->search_path_count) = argv[i];
        } else if (a->system == NULL) {
            a->system = argv[i];
        } else {
            misused(text_format("unrecognised arguments: %s", argv[i]));
        }
    }
    check_complete(a);
}

/* The directory of board and configuration. */
static const char *find_board(const char *sdk, const struct arguments *a)
{
    char *boards = text_format("%s/board", sdk);
    char *board = text_format("%s/%s", boards, a->board);
    char *config = text_format("%s/%s", board, a->config);

    if (!is_directory(board)) {
        misused(text_format("argument --board: invalid choice: '%s' (choose from: %s)", a->board,
                            list_directories(boards)));
    }
    if (!is_directory(config)) {
        misused(text_format("argument --config: invalid choice: '%s' (choose from: %s)", a->config,
                            list_directories(board)));
    }
    return config;
}

static void stop_on_errors(void)
{
    if (diag_errors() != 0) {
        exit(1);
    }
}

int main(int argc, char **argv)
{
    struct arguments a = {.output = "loader.img", .report = "report.txt"};
    const char *sdk;

    diag_tool("microkit");
    *APPEND(a.search_paths, a.search_path_count) = ".";
    sdk = find_sdk();
    read_arguments(&a, argc, argv, sdk);
    const char *board = find_board(sdk, &a);

    struct description *d = description_read(a.system);
    stop_on_errors();
    description_check(d);
    stop_on_errors();
    memory_place_regions(d);
    stop_on_errors();

    struct program *programs = text_alloc(d->pd_count, sizeof *programs);
    for (size_t i = 0; i < d->pd_count; i++) {
        program_load(&programs[i], &d->pds[i], a.search_paths, a.search_path_count);
    }
    stop_on_errors();
    for (size_t i = 0; i < d->pd_count; i++) {
        program_set_values(&programs[i], d, i);
    }
    struct system *system = build_system(d, programs);
    stop_on_errors();
    for (size_t i = 0; i < a.fault_count; i++) {
        faults_add(system, d, programs, a.faults[i]);
    }
    const char *kernel = a.fault_count != 0 ? "instruments" : "sel4";
    uint64_t entry = build_kernel(text_format("%s/elf/%s.elf", board, kernel), system);
    parts_write(a.output, text_format("%s/elf/loader.elf", board), entry);
    build_report(a.report, d, programs);
    return 0;
}
