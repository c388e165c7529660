/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Composes a system, breaks it in the way that the last argument names, and asks
 * verify() what it thinks: the composer itself never makes such systems.
 *
 *     break_system check ARGUMENTS... HOW
 */
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "compose.h"
#include "resolve.h"
#include "space.h"
#include "values.h"
#include "verify.h"

static struct pd *pd(struct system *s, const char *name)
{
    for (size_t i = 0; i < s->pd_count; i++) {
        if (strcmp(s->pds[i].name, name) == 0) {
            return &s->pds[i];
        }
    }
    diag_fatal("no PD %s", name);
}

static struct region *region(struct system *s, const char *name)
{
    LIST_EACH(struct region *, r, s->regions)
    {
        if (strcmp((*r)->name, name) == 0) {
            return *r;
        }
    }
    diag_fatal("no region %s", name);
}

static struct map *map(struct pd *pd, const char *name)
{
    LIST_EACH(struct map, m, pd->maps)
    {
        if (strcmp(m->region->name, name) == 0) {
            return m;
        }
    }
    diag_fatal("no map %s", name);
}

static void give(struct system *s, const char *who, const char *what, bool writable)
{
    space_map(pd(s, who), region(s, what), writable);
}

static void second_writer(struct system *s)
{
    map(pd(s, "clock_virt"), "web-to-clock_virt")->writable = true;
}

static void no_writer(struct system *s)
{
    map(pd(s, "web"), "web-to-clock_virt")->writable = false;
}

static void writable_lives(struct system *s)
{
    map(pd(s, "web"), "lives")->writable = true;
}

static void driver_sees_data(struct system *s)
{
    give(s, "nic_driver", "nic-pool", false);
}

static void client_sees_pool(struct system *s)
{
    give(s, "web", "nic-pool", false);
}

static void copier_writes_pool(struct system *s)
{
    map(pd(s, "web_nic_copy"), "nic-pool")->writable = true;
}

static void copier_writes_tx(struct system *s)
{
    give(s, "web_nic_copy", "web-nic-tx", true);
}

static void virtualiser_writes_rx(struct system *s)
{
    give(s, "nic_rx", "web-nic-rx", true);
}

static void copying_writes_tx(struct system *s)
{
    give(s, "nic_rx", "web-nic-tx", true);
}

static void sending_writes_rx(struct system *s)
{
    give(s, "nic_tx", "web-nic-rx", true);
}

static void driver_sees_received(struct system *s)
{
    give(s, "nic_driver", "web-nic-rx", false);
}

static void other_client_sees_data(struct system *s)
{
    give(s, "echo", "web-nic-rx", false);
}

static void other_copier_sees_data(struct system *s)
{
    give(s, "echo_nic_copy", "web-nic-rx", false);
}

static void client_sees_device(struct system *s)
{
    give(s, "web", "mmio-9000000", false);
}

static void virtualiser_sees_rings(struct system *s)
{
    give(s, "nic_rx", "nic_driver-dma", false);
}

static void eavesdropper(struct system *s)
{
    give(s, "echo", "web-to-clock_virt", false);
}

static void unasked_observer(struct system *s)
{
    give(s, "echo", "web-counters", false);
}

static void overlap(struct system *s)
{
    map(pd(s, "web"), "lives")->vaddr = map(pd(s, "web"), "web-nic-rx")->vaddr + PAGE_SIZE;
}

static void misaligned(struct system *s)
{
    map(pd(s, "web"), "lives")->vaddr += 16;
}

static void over_the_program(struct system *s)
{
    map(pd(s, "web"), "lives")->vaddr = 0x200000;
}

static void into_the_stack(struct system *s)
{
    map(pd(s, "web"), "lives")->vaddr = s->sdk->stack_top - PAGE_SIZE;
}

static void many_channels(struct system *s)
{
    pd(s, "nic_rx")->channels = 63;
}

static void client_above_virtualiser(struct system *s)
{
    pd(s, "web")->priority = 120;
}

static void above_the_supervisor(struct system *s)
{
    pd(s, "clock_driver")->priority = 200;
}

static const struct {
    const char *name;
    void (*break_it)(struct system *s);
} ways[] = {
#define WAY(name)                                                                                  \
    {                                                                                              \
#name, name                                                                                \
    }
    WAY(second_writer),
    WAY(no_writer),
    WAY(writable_lives),
    WAY(driver_sees_data),
    WAY(client_sees_pool),
    WAY(copier_writes_pool),
    WAY(copier_writes_tx),
    WAY(virtualiser_writes_rx),
    WAY(copying_writes_tx),
    WAY(sending_writes_rx),
    WAY(driver_sees_received),
    WAY(other_client_sees_data),
    WAY(other_copier_sees_data),
    WAY(client_sees_device),
    WAY(virtualiser_sees_rings),
    WAY(eavesdropper),
    WAY(unasked_observer),
    WAY(overlap),
    WAY(misaligned),
    WAY(over_the_program),
    WAY(into_the_stack),
    WAY(many_channels),
    WAY(client_above_virtualiser),
    WAY(above_the_supervisor),
};

int main(int argc, char **argv)
{
    struct options options = options_read(argc - 1, argv);
    struct sdk sdk = sdk_open(options.sdk, options.config);
    struct description *d = description_read(options.description);
    struct tree *tree = tree_read(options.dtb);
    struct library *library =
        library_open(options.programs.items, options.programs.count, EM_AARCH64);

    resolve(d, &(struct world){&options, &sdk, tree, library});
    struct system *system = compose(d, &sdk, library);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(ways[i].name, argv[argc - 1]) == 0) {
            ways[i].break_it(system);
            verify(system, false);
            return diag_errors() != 0;
        }
    }
    diag_fatal("no way %s", argv[argc - 1]);
}
