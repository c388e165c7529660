/* SPDX-License-Identifier: BSD-2-Clause */
#include "space.h"

#include <inttypes.h>
#include <string.h>

#include "lib/text.h"
#include "values.h"

#define LARGE_PAGE_SIZE (2U * 1024U * 1024U)

struct region *space_region(struct system *system, const char *name, enum region_kind kind,
                            uint64_t size)
{
    struct region *region = text_alloc(1, sizeof *region);

    region->name = name;
    region->kind = kind;
    region->size = size;
    region->page_size = size % LARGE_PAGE_SIZE == 0 ? LARGE_PAGE_SIZE : PAGE_SIZE;
    region->cached = true;
    LIST_ADD(&system->regions, region);
    return region;
}

uint64_t space_reserve(struct pd *pd, uint64_t size, uint64_t alignment)
{
    uint64_t vaddr = text_round_up(*pd->next, alignment);

    *pd->next = vaddr + size + PAGE_SIZE;
    return vaddr;
}

void space_map_at(struct pd *pd, struct region *region, bool writable, uint64_t vaddr)
{
    LIST_ADD(&pd->maps, (struct map){region, vaddr, writable});
}

uint64_t space_map(struct pd *pd, struct region *region, bool writable)
{
    LIST_EACH(struct map, map, pd->maps)
    {
        if (map->region == region) {
            map->writable = map->writable || writable;
            return map->vaddr;
        }
    }
    uint64_t vaddr = space_reserve(pd, region->size, region->page_size);
    space_map_at(pd, region, writable, vaddr);
    return vaddr;
}

uint32_t space_io(struct pd *pd, struct region *region)
{
    for (size_t i = 0; i < pd->io.count; i++) {
        if (pd->io.items[i] == region) {
            return (uint32_t)i;
        }
    }
    LIST_ADD(&pd->io, region);
    return (uint32_t)(pd->io.count - 1);
}

/* ---- A driver's device ---- */

/* One region per page, so that devices in one page share it. */
static struct region *device_page(struct system *system, uint64_t physical)
{
    LIST_EACH(struct region *, region, system->regions)
    {
        if ((*region)->kind == REGION_DEVICE && (*region)->physical == physical) {
            return *region;
        }
    }
    struct region *region =
        space_region(system, text_format("mmio-%" PRIx64, physical), REGION_DEVICE, PAGE_SIZE);
    region->physical = physical;
    region->cached = false;
    return region;
}

static struct quoll_region_config give_registers(struct system *system, struct pd *driver,
                                                 struct tree_range range)
{
    uint64_t offset = range.address % PAGE_SIZE;
    uint64_t first = range.address - offset;
    uint64_t size = text_round_up(offset + range.size, PAGE_SIZE);
    uint64_t vaddr = space_reserve(driver, size, PAGE_SIZE);

    for (uint64_t at = 0; at < size; at += PAGE_SIZE) {
        space_map_at(driver, device_page(system, first + at), true, vaddr + at);
    }
    return (struct quoll_region_config){
        .vaddr = vaddr + offset, .size = range.size, .io = QUOLL_NO_IO};
}

static struct quoll_region_config give_rings(struct system *system, struct pd *driver)
{
    const struct device *device = driver->device;
    uint64_t size = text_round_up(device->driver->about.dma_size, PAGE_SIZE);

    if (size == 0) {
        return (struct quoll_region_config){.io = QUOLL_NO_IO};
    }
    struct region *rings =
        space_region(system, text_format("%s-dma", driver->name), REGION_RINGS, size);
    rings->device = device;
    rings->cached = device->node->coherent;
    return (struct quoll_region_config){
        .vaddr = space_map(driver, rings, true),
        .size = size,
        .io = space_io(driver, rings),
        .coherent = device->node->coherent,
    };
}

void space_give_device(struct system *system, struct pd *driver)
{
    const struct quoll_driver *about = &driver->device->driver->about;
    const struct tree_node *node = driver->device->node;
    struct quoll_device_config *config = &driver->config.device;

    for (size_t i = 0; i < about->registers; i++) {
        config->registers[i] = give_registers(system, driver, node->registers.items[i]);
    }
    config->dma = give_rings(system, driver);
    memset(config->interrupt, QUOLL_NO_CHANNEL, sizeof config->interrupt);
    for (size_t i = 0; i < about->interrupts; i++) {
        const struct tree_interrupt *from = &node->interrupts.items[about->interrupt[i]];
        unsigned channel = driver->channels++;
        config->interrupt[i] = (uint8_t)channel;
        LIST_ADD(&driver->interrupts, (struct interrupt){from->number, channel, from->edge});
    }
}
