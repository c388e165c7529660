/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command `quoll`: a description and a board's device tree become a system.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "compose.h"
#include "description.h"
#include "isolation.h"
#include "json.h"
#include "lib/diag.h"
#include "lib/text.h"
#include "options.h"
#include "output.h"
#include "patch.h"
#include "resolve.h"
#include "system_file.h"
#include "verify.h"

static void write_file(const char *name, void (*write)(const struct system *, FILE *),
                       const struct system *system)
{
    FILE *out = output_open(name);

    write(system, out);
    output_close(out, name);
}

static int build(const struct system *system, const char *directory)
{
    const char *temporary = output_begin(directory);

    for (size_t i = 0; i < system->pd_count; i++) {
        const struct pd *pd = &system->pds[i];
        patch_program(pd, text_format("%s/%s.elf", temporary, pd->name));
    }
    write_file("system.system", system_file_write, system);
    write_file("isolation.txt", isolation_write, system);
    write_file("system.json", json_write, system);
    if (!system->sdk->is_host &&
        !sdk_run(system->sdk, system->description->board.text, temporary)) {
        return 1;
    }
    output_commit();
    return 0;
}

/* The composed system, or NULL after errors were told. */
static struct system *make_system(const struct options *options, const struct sdk *sdk)
{
    unsigned machine = sdk->is_host ? EM_X86_64 : EM_AARCH64;
    struct description *d = description_read(options->description);
    struct tree *tree = tree_read(options->dtb);
    struct library *library =
        library_open(options->programs.items, options->programs.count, machine);

    if (d == NULL || tree == NULL) {
        return NULL;
    }
    resolve(d, &(struct world){options, sdk, tree, library});
    check(d, tree);
    if (diag_errors() != 0) {
        return NULL;
    }
    struct system *system = compose(d, sdk, library);
    if (options->shuffles) {
        compose_shuffle(system, options->seed);
    }
    verify(system, options->shuffles);
    return diag_errors() != 0 ? NULL : system;
}

/* Else the next run would take this one's configured copies for programs. */
static void keep_apart(const struct options *options)
{
    char *output = options->output == NULL ? NULL : realpath(options->output, NULL);

    LIST_EACH(const char *, directory, options->programs)
    {
        char *programs = realpath(*directory, NULL);
        if (output != NULL && programs != NULL && strcmp(output, programs) == 0) {
            diag_fatal("-o %s is a directory of --programs too: the results would be taken for "
                       "programs",
                       options->output);
        }
    }
}

int main(int argc, char **argv)
{
    diag_tool("quoll");
    struct options options = options_read(argc, argv);
    keep_apart(&options);
    struct sdk sdk = sdk_open(options.sdk, options.config);
    struct system *system = make_system(&options, &sdk);

    if (system == NULL) {
        return 1;
    }
    if (sdk.is_development) {
        puts("development kernel, not seL4: for testing only");
    }
    return options.writes ? build(system, options.output) : 0;
}
