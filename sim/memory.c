/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions lie one after the other in a file without a name (memfd), which is mapped
 * once for the simulator and its devices, and once per view, with the view's
 * permissions, at the view's own addresses. The composer gives every view of the system
 * addresses of its own (quoll --sdk host), so that all fit into one process.
 *
 * What the permissions cannot say is said by a table: to which view a page belongs.
 * Checked programs ask it before each access that leaves their image and stack.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "diag.h"
#include "sim/sim.h"
#include "text.h"

#define PAGES       (SIM_REGIONS_SIZE / SIM_PAGE)
#define FIRST_IO    0x60000000U /* where the board has its memory */
#define IO_DISTANCE 0x200000U

static int file = -1;
static unsigned char *base;
static uint64_t total = SIM_PAGE;    /* the first page is nobody's, so that there is one */
static uint16_t view_of_page[PAGES]; /* number of a view plus one; 0: nothing is there */

static struct {
    struct sim_view *view;
    struct sim_pd *pd;
} views[UINT16_MAX];
static size_t view_count;

static int new_file(void)
{
    int fd = memfd_create("quoll-sim", MFD_CLOEXEC);

    if (fd < 0 || ftruncate(fd, (off_t)total) != 0) {
        diag_fatal("no memory for the regions: %s", strerror(errno));
    }
    return fd;
}

static void map(void *at, uint64_t size, int protection, int flags, uint64_t offset)
{
    void *got = mmap(at, size, protection, MAP_SHARED | flags, file, (off_t)offset);

    if (got == MAP_FAILED || (at != NULL && got != at)) {
        diag_fatal("cannot map 0x%lx bytes at %p: %s", size, at, strerror(errno));
    }
    if (at == NULL) {
        base = got;
    }
}

/* Registers have no memory: who touches them otherwise than by <quoll/mmio.h> faults. */
static void map_view(const struct sim_view *view, int flags)
{
    int protection = view->region->is_device ? PROT_NONE
                     : view->writable        ? PROT_READ | PROT_WRITE
                                             : PROT_READ;

    map((void *)view->address, view->region->size, protection, flags, view->region->offset);
}

static void add_view(struct sim_pd *pd, struct sim_view *view)
{
    uint64_t end = view->address + view->region->size;

    if (view->address < SIM_REGIONS_START || end > SIM_REGIONS_END) {
        diag_fatal("%s: '%s' at 0x%lx is outside 0x%x to 0x%x, where the simulator has regions",
                   pd->name, view->region->name, view->address, SIM_REGIONS_START, SIM_REGIONS_END);
    }
    views[view_count].view = view;
    views[view_count].pd = pd;
    view_count += 1;
    for (uint64_t at = view->address; at < end; at += SIM_PAGE) {
        uint16_t *page = &view_of_page[(at - SIM_REGIONS_START) / SIM_PAGE];
        if (*page != 0) {
            diag_fatal("%s: '%s' is at 0x%lx, as '%s' of %s; compose with quoll --sdk host",
                       pd->name, view->region->name, at, views[*page - 1].view->region->name,
                       views[*page - 1].pd->name);
        }
        *page = (uint16_t)view_count;
    }
}

void memory_create(void)
{
    uint64_t io = FIRST_IO;

    for (size_t i = 0; i < sim_system.region_count; i++) {
        struct sim_region *region = &sim_system.regions[i];
        region->offset = total;
        total += region->size;
        if (!region->is_device) {
            region->physical = io;
            io += text_round_up(region->size + SIM_PAGE, IO_DISTANCE);
        }
    }
    file = new_file();
    map(NULL, total, PROT_READ | PROT_WRITE, 0, 0);
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        struct sim_pd *pd = &sim_system.pds[i];
        for (size_t j = 0; j < pd->view_count; j++) {
            add_view(pd, &pd->views[j]);
            map_view(&pd->views[j], MAP_FIXED_NOREPLACE);
            pd->views[j].region->is_shared = pd->views[j].region->is_mapped;
            pd->views[j].region->is_mapped = true;
        }
    }
}

void memory_reset(void)
{
    if (ftruncate(file, 0) != 0 || ftruncate(file, (off_t)total) != 0) {
        diag_fatal("cannot empty the regions: %s", strerror(errno));
    }
}

void memory_changed(struct sim_region *region, uint64_t offset, uint64_t size)
{
    region->is_changed = true;
    region->extent = offset + size > region->extent ? offset + size : region->extent;
}

void memory_unshare(void)
{
    int old = file;
    unsigned char *copy = base;

    file = new_file();
    for (uint64_t at = 0; at < total; at += SIM_PAGE) {
        if (pwrite(file, copy + at, SIM_PAGE, (off_t)at) != SIM_PAGE) {
            diag_fatal("cannot copy the regions: %s", strerror(errno));
        }
    }
    map(base, total, PROT_READ | PROT_WRITE, MAP_FIXED, 0);
    for (size_t i = 0; i < view_count; i++) {
        map_view(views[i].view, MAP_FIXED);
    }
    close(old);
}

void *memory_at(const struct sim_region *region)
{
    return base + region->offset;
}

const struct sim_view *memory_view(uintptr_t address, struct sim_pd **owner)
{
    uintptr_t offset = address - SIM_REGIONS_START;
    unsigned number = offset < SIM_REGIONS_SIZE ? view_of_page[offset / SIM_PAGE] : 0U;

    if (number == 0) {
        return NULL;
    }
    *owner = views[number - 1].pd;
    return views[number - 1].view;
}

bool memory_is_watched(const struct sim_region *region)
{
    return (region->is_shared || region->is_dma) && !region->is_counters;
}

void memory_keep_views_of(const struct sim_pd *pd)
{
    for (size_t i = 0; i < view_count; i++) {
        if (views[i].pd != pd) {
            munmap((void *)views[i].view->address, views[i].view->region->size);
        }
    }
    munmap(base, total);
}

bool memory_allows(const struct sim_pd *pd, uintptr_t address, uint64_t size, bool write)
{
    struct sim_pd *owner;
    const struct sim_view *view = memory_view(address, &owner);

    return view != NULL && owner == pd && !view->region->is_device &&
           size <= view->region->size - (address - view->address) && (view->writable || !write);
}

void *memory_dma(uint64_t io, size_t size)
{
    for (size_t i = 0; i < sim_system.region_count; i++) {
        const struct sim_region *region = &sim_system.regions[i];
        uint64_t offset = io - region->physical;
        if (region->is_dma && offset <= region->size && size <= region->size - offset) {
            memory_changed(&sim_system.regions[i], offset, size);
            return base + region->offset + offset;
        }
    }
    return NULL;
}
