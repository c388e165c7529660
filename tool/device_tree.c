/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Source: Devicetree Specification 0.4: `reg` and `ranges` in 2.3, interrupts in 2.4;
 * the GIC's three cells from Linux's binding arm,gic.
 */
#include "device_tree.h"

#include <errno.h>
#include <libfdt.h>
#include <string.h>

#include "lib/diag.h"

#define LONGEST_PATH   256
#define OLDEST_VERSION 16 /* of the blob's format: names without their path */
#define DEEPEST        8  /* buses above a device */
#define GIC_CELLS      3
#define GIC_PRIVATE    1U
#define GIC_EDGE       3U /* flags 1 and 2: rising and falling edge */
#define FIRST_SHARED   32U
#define FIRST_PRIVATE  16U

/* Cells are read as one big-endian number; more than two do not fit. */
static uint64_t read_cells(const fdt32_t *cells, int count)
{
    uint64_t value = 0;

    for (int i = 0; i < count; i++) {
        value = value << 32 | fdt32_to_cpu(cells[i]);
    }
    return value;
}

static const fdt32_t *cells_of(const void *fdt, int node, const char *name, int *count)
{
    int bytes = 0;
    const fdt32_t *cells = fdt_getprop(fdt, node, name, &bytes);

    *count = bytes > 0 ? bytes / (int)sizeof *cells : 0;
    return cells;
}

/* An address on `bus` as seen on the bus above it; false: not visible there. */
static bool translate(const void *fdt, int bus, uint64_t *address)
{
    int above = fdt_parent_offset(fdt, bus);
    int child_cells = fdt_address_cells(fdt, bus);
    int parent_cells = fdt_address_cells(fdt, above);
    int size_cells = fdt_size_cells(fdt, bus);
    int row = child_cells + parent_cells + size_cells;
    int count;
    const fdt32_t *ranges = cells_of(fdt, bus, "ranges", &count);

    if (ranges == NULL || child_cells < 1 || parent_cells < 1 || size_cells < 1) {
        return false;
    }
    for (int i = 0; i + row <= count; i += row) {
        uint64_t from = read_cells(ranges + i, child_cells);
        uint64_t to = read_cells(ranges + i + child_cells, parent_cells);
        uint64_t size = read_cells(ranges + i + child_cells + parent_cells, size_cells);
        if (*address >= from && *address - from < size) {
            *address = to + (*address - from);
            return true;
        }
    }
    return count == 0; /* empty: the same addresses */
}

static bool translate_to_cpu(const void *fdt, int bus, uint64_t *address)
{
    for (int i = 0; bus > 0 && i < DEEPEST; i++) {
        if (!translate(fdt, bus, address)) {
            return false;
        }
        bus = fdt_parent_offset(fdt, bus);
    }
    return bus == 0;
}

static void read_registers(const void *fdt, int offset, struct tree_node *node)
{
    int bus = fdt_parent_offset(fdt, offset);
    int address_cells = fdt_address_cells(fdt, bus);
    int size_cells = fdt_size_cells(fdt, bus);
    int count;
    const fdt32_t *reg = cells_of(fdt, offset, "reg", &count);

    if (count == 0) {
        return;
    }
    if (address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2) {
        node->problem = "its registers are not memory of the CPU";
        return;
    }
    for (int i = 0; i + address_cells + size_cells <= count; i += address_cells + size_cells) {
        struct tree_range range = {read_cells(reg + i, address_cells),
                                   read_cells(reg + i + address_cells, size_cells)};
        if (!translate_to_cpu(fdt, bus, &range.address) ||
            range.size > UINT64_MAX - range.address) {
            node->problem = "its registers are not memory of the CPU";
            return;
        }
        LIST_ADD(&node->registers, range);
    }
}

/* Cells per interrupt at the controller that the node's interrupts go to. */
static int interrupt_cells(const void *fdt, int offset)
{
    for (int at = offset; at >= 0; at = fdt_parent_offset(fdt, at)) {
        int count;
        const fdt32_t *parent = cells_of(fdt, at, "interrupt-parent", &count);
        if (count < 1) {
            continue;
        }
        int controller = fdt_node_offset_by_phandle(fdt, fdt32_to_cpu(parent[0]));
        const fdt32_t *cells =
            controller < 0 ? NULL : cells_of(fdt, controller, "#interrupt-cells", &count);
        return cells == NULL || count < 1 ? 0 : (int)fdt32_to_cpu(cells[0]);
    }
    return 0;
}

static void read_interrupts(const void *fdt, int offset, struct tree_node *node)
{
    int count;
    const fdt32_t *cells = cells_of(fdt, offset, "interrupts", &count);

    if (count > 0 && interrupt_cells(fdt, offset) != GIC_CELLS) {
        node->problem = "its interrupts do not go to a GIC";
        return;
    }
    for (int i = 0; i + GIC_CELLS <= count; i += GIC_CELLS) {
        bool private = fdt32_to_cpu(cells[i]) == GIC_PRIVATE;
        LIST_ADD(&node->interrupts, (struct tree_interrupt){
                                        .number = fdt32_to_cpu(cells[i + 1]) +
                                                  (private ? FIRST_PRIVATE : FIRST_SHARED),
                                        .edge = (fdt32_to_cpu(cells[i + 2]) & GIC_EDGE) != 0,
                                    });
    }
}

static struct tree_node read_node(const void *fdt, int offset, const char *path)
{
    struct tree_node node = {.path = text_format("%s", path)};
    const char *status = fdt_getprop(fdt, offset, "status", NULL);

    node.disabled = status != NULL && strcmp(status, "okay") != 0 && strcmp(status, "ok") != 0;
    node.coherent = fdt_getprop(fdt, offset, "dma-coherent", NULL) != NULL;
    for (int i = 0; i < fdt_stringlist_count(fdt, offset, "compatible"); i++) {
        const char *name = fdt_stringlist_get(fdt, offset, "compatible", i, NULL);
        LIST_ADD(&node.compatible, text_format("%s", name));
    }
    read_registers(fdt, offset, &node);
    read_interrupts(fdt, offset, &node);
    return node;
}

struct tree *tree_read(const char *path)
{
    struct place at = {path, 0, 0};
    struct tree *tree = text_alloc(1, sizeof *tree);
    size_t size;
    char *fdt = text_file(path, &size);

    if (fdt == NULL) {
        diag_error(at, "%s", strerror(errno));
        return NULL;
    }
    /* libfdt 1.6.1 takes fdt_check_full() of one before version 16 as far as a null pointer. */
    if (size < sizeof(struct fdt_header) || fdt_version(fdt) < OLDEST_VERSION ||
        fdt_check_full(fdt, size) != 0) {
        diag_error(at, "not a device tree blob (dtb)");
        return NULL;
    }
    const char *board = fdt_getprop(fdt, 0, "compatible", NULL);
    tree->path = path;
    tree->compatible = board != NULL ? board : "";
    for (int offset = fdt_next_node(fdt, 0, NULL); offset > 0;
         offset = fdt_next_node(fdt, offset, NULL)) {
        char node_path[LONGEST_PATH];
        if (fdt_get_path(fdt, offset, node_path, sizeof node_path) != 0) {
            diag_error(at, "the path of a node is longer than %d characters", LONGEST_PATH - 1);
            return NULL;
        }
        LIST_ADD(&tree->nodes, read_node(fdt, offset, node_path));
    }
    return tree;
}

const struct tree_node *tree_find(const struct tree *tree, const char *path)
{
    LIST_EACH(const struct tree_node, node, tree->nodes)
    {
        if (strcmp(node->path, path) == 0) {
            return node;
        }
    }
    return NULL;
}

bool tree_same_kind(const struct tree_node *a, const struct tree_node *b)
{
    return a->compatible.count > 0 && b->compatible.count > 0 &&
           strcmp(a->compatible.items[0], b->compatible.items[0]) == 0;
}
