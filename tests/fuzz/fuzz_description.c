/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System descriptions: from the text to the composed system, with the board's device tree
 * and the simulator's programs. Refused with a place, or composed so that the last look
 * finds nothing.
 */
#include <elf.h>

#include "fuzz.h"
#include "tools.h"

#include "tool/check.h"
#include "tool/compose.h"
#include "tool/description.h"
#include "tool/options.h"
#include "tool/resolve.h"
#include "tool/verify.h"

static struct tree *tree;
static struct library *library;
static struct sdk sdk;
static bool accepted;

/* FUZZ_DTB and FUZZ_PROGRAMS: mk/fuzz.mk. */
static void read_world(const char *path)
{
    static const char *const directories[] = {FUZZ_PROGRAMS};

    (void)path;
    tree = tree_read(FUZZ_DTB);
    library = library_open(directories, 1, EM_X86_64);
    sdk = sdk_open(SDK_HOST, "debug");
    FUZZ_CHECK(tree != NULL && library->drivers.count > 0);
    tool_keep();
}

static void read_file(const char *path)
{
    static const struct options options;
    struct description *d = description_read(path);

    accepted = false;
    if (d == NULL) {
        return;
    }
    resolve(d, &(struct world){&options, &sdk, tree, library});
    check(d, tree);
    if (diag_errors() == 0) {
        verify(compose(d, &sdk, library), false);
        accepted = diag_errors() == 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (tree == NULL) {
        (void)tool_run(read_world, FUZZ_DTB, 0);
    }
    unsigned messages = tool_run(read_file, tool_file(data, size), tool_lines(data, size));

    FUZZ_CHECK(accepted || messages > 0);
    return 0;
}
