/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of device tree blobs: refused with a place, or a tree whose nodes can be found.
 * The input is a blob, or, since few bytes can change in one before it is none any more,
 * a program that makes one.
 */
#include <libfdt.h>
#include <string.h>

#include "fuzz.h"
#include "tools.h"

#include "tool/device_tree.h"

static bool accepted;

static void check_node(const struct tree *tree, const struct tree_node *node)
{
    FUZZ_CHECK(node->path[0] == '/' && tree_find(tree, node->path) != NULL);
    LIST_EACH(const struct tree_range, range, node->registers)
    {
        FUZZ_CHECK(range->size <= UINT64_MAX - range->address);
    }
    LIST_EACH(const char *, name, node->compatible)
    {
        FUZZ_CHECK(strlen(*name) < 65536);
    }
    (void)tree_same_kind(node, &tree->nodes.items[0]);
}

static void read_file(const char *path)
{
    accepted = false;
    struct tree *tree = tree_read(path);

    accepted = tree != NULL;
    if (tree == NULL) {
        return;
    }
    FUZZ_CHECK(strlen(tree->compatible) < 65536);
    LIST_EACH(const struct tree_node, node, tree->nodes)
    {
        check_node(tree, node);
    }
}

static void put_property(void *fdt)
{
    static const char *const names[] = {
        "compatible",       "reg",          "ranges",          "interrupts",
        "#address-cells",   "#size-cells",  "status",          "phandle",
        "interrupt-parent", "dma-coherent", "#interrupt-cells"};
    const char *name = names[fuzz_below(sizeof names / sizeof names[0])];
    uint8_t value[64];
    unsigned size = fuzz8() % 64U;

    for (unsigned i = 0; i < size; i++) {
        value[i] = fuzz8();
    }
    if (size == 1) { /* a cell of a likely value */
        fdt_property_u32(fdt, name, value[0] % 8U);
    } else {
        fdt_property(fdt, name, value, (int)size);
    }
}

/* Steps; whatever is wrong with their order, the library refuses. */
static int make_blob(void *fdt, int room)
{
    char name[4] = "a@0";

    fdt_create(fdt, room);
    fdt_finish_reservemap(fdt);
    fdt_begin_node(fdt, "");
    while (fuzz_more()) {
        uint8_t what = fuzz8();

        if (what % 8U == 0) {
            name[0] = (char)('a' + what / 8U % 26U);
            fdt_begin_node(fdt, name);
        } else if (what % 8U == 1) {
            fdt_end_node(fdt);
        } else {
            put_property(fdt);
        }
    }
    for (unsigned depth = 0; depth < 64 && fdt_finish(fdt) != 0; depth++) {
        fdt_end_node(fdt);
    }
    return (int)fdt_totalsize(fdt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t blob[65536];

    if (size > 0 && data[0] != 0xd0) {
        fuzz_begin(data, size);
        size = (size_t)make_blob(blob, sizeof blob);
        data = blob;
    }
    unsigned messages = tool_run(read_file, tool_file(data, size), 0);

    FUZZ_CHECK(accepted == (messages == 0));
    return 0;
}
