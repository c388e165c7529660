/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve.h"

#include <inttypes.h>
#include <string.h>

#include "board.h"
#include "lib/text.h"
#include "nodes.h"
#include "values.h"

#define MOST_REGISTERS (4U * 1024U * 1024U) /* each of its pages is a region */

/* ---- The board ---- */

static void resolve_board(const struct description *d, const struct world *world)
{
    const char *names[64];
    const struct board *board = NULL;

    if (d->board.text == NULL) {
        return;
    }
    for (size_t i = 0; i < board_count && i < 64; i++) {
        names[i] = boards[i].name;
        board = strcmp(boards[i].name, d->board.text) == 0 ? &boards[i] : board;
    }
    if (board == NULL) {
        diag_error(d->board.at, "there is no board '%s'", d->board.text);
        value_suggest(d->board.text, names, board_count, "boards");
        return;
    }
    if (strcmp(board->compatible, world->tree->compatible) != 0) {
        diag_error(d->board.at, "%s is not the device tree of %s: it is of '%s', not '%s'",
                   world->tree->path, board->name, world->tree->compatible, board->compatible);
    }
    sdk_has_board(world->sdk, board->name);
}

/* ---- Drivers ---- */

static void tell_no_driver(const struct device *device, const struct library *library)
{
    const char *class = device->class->name;
    const char *list = "none";

    LIST_EACH(const struct driver, driver, library->drivers)
    {
        if (strcmp(driver->about.class_name, class) == 0) {
            list = text_format("%s%s%s (%s)", strcmp(list, "none") == 0 ? "" : list,
                               strcmp(list, "none") == 0 ? "" : ", ", driver->program.name,
                               driver->about.compatible[0]);
        }
    }
    diag_error(device->node_path.at, "%s: no %s driver fits %s, which is %s", device->name.text,
               class, device->node->path,
               device->node->compatible.count == 0
                   ? "compatible with nothing"
                   : text_format("'%s'", device->node->compatible.items[0]));
    diag_hint("%s drivers: %s", class, list);
}

/* The driver for the most specific of the node's compatible strings that has one. */
static const struct driver *choose_driver(const struct device *device,
                                          const struct library *library)
{
    LIST_EACH(const char *, compatible, device->node->compatible)
    {
        const struct driver *chosen = NULL;
        LIST_EACH(const struct driver, driver, library->drivers)
        {
            if (!driver_fits(driver, device->class->name, *compatible)) {
                continue;
            }
            if (chosen != NULL) {
                diag_error(device->node_path.at, "%s: two %s drivers fit '%s': %s and %s",
                           device->name.text, device->class->name, *compatible,
                           chosen->program.name, driver->program.name);
                diag_hint("keep one of them out of the directories of --programs");
                return NULL;
            }
            chosen = driver;
        }
        if (chosen != NULL) {
            return chosen;
        }
    }
    tell_no_driver(device, library);
    return NULL;
}

static void check_range(const struct device *device, const struct driver *driver,
                        const struct tree_range *range, uint32_t least)
{
    const char *name = device->name.text, *path = device->node->path;

    if (range->size == 0 || range->size < least) {
        diag_error(device->node_path.at, "%s: %s needs 0x%x bytes of registers; %s has 0x%" PRIx64,
                   name, driver->program.name, least, path, range->size);
    } else if (range->size > MOST_REGISTERS) {
        diag_error(device->node_path.at,
                   "%s: %s has 0x%" PRIx64 " bytes of registers; a driver can have at most 0x%x",
                   name, path, range->size, MOST_REGISTERS);
    }
}

static bool check_needs(const struct device *device, const struct driver *driver)
{
    const struct tree_node *node = device->node;
    const struct quoll_driver *about = &driver->about;
    unsigned before = diag_errors();

    if (about->registers > node->registers.count) {
        diag_error(device->node_path.at, "%s: %s needs %u ranges of registers; %s has %zu",
                   device->name.text, driver->program.name, about->registers, node->path,
                   node->registers.count);
        return false;
    }
    for (size_t i = 0; i < about->registers; i++) {
        check_range(device, driver, &node->registers.items[i], about->register_size[i]);
    }
    for (size_t i = 0; i < about->interrupts; i++) {
        if (about->interrupt[i] >= node->interrupts.count) {
            diag_error(device->node_path.at, "%s: %s needs interrupt %u (from 0); %s has %zu",
                       device->name.text, driver->program.name, about->interrupt[i], node->path,
                       node->interrupts.count);
        }
    }
    return diag_errors() == before;
}

static void resolve_driver(struct device *device, const struct library *library)
{
    const struct driver *driver = choose_driver(device, library);

    if (driver == NULL || !check_needs(device, driver)) {
        return;
    }
    device->driver = driver;
    bool may_use_timer = driver->about.system_timer == 1 && device->class->system_timer;
    program_check(&driver->program, may_use_timer, device->node_path.at, device->name.text);
}

/* ---- Programs and images ---- */

static void resolve_parts(const struct device *device, const struct library *library)
{
    for (size_t i = 0; i < class_parts(device->class); i++) {
        const char *name = device->class->parts[i].program;
        if (name == NULL) {
            continue;
        }
        struct program *program = library_find(library, name, device->name.at, device->name.text);
        if (program != NULL) {
            program_check(program, false, device->name.at, device->name.text);
        }
    }
}

static void resolve_client(struct client *client, const struct library *library)
{
    if (client->program_name.text == NULL) {
        return;
    }
    client->program = library_find(library, client->program_name.text, client->program_name.at,
                                   client->name.text);
    if (client->program != NULL) {
        program_check(client->program, false, client->program_name.at, client->name.text);
    }
}

static void resolve_supervisor(const struct description *d, const struct library *library)
{
    struct place at = {d->path, 0, 0};
    struct program *program = library_find(library, SUPERVISOR_NAME ".elf", at, SUPERVISOR_NAME);

    if (program != NULL) {
        program_check(program, false, at, SUPERVISOR_NAME);
    }
}

static void resolve_disk(struct description *d, const struct disk_image *disk)
{
    const char *names[64];
    size_t count = 0;

    for (size_t i = 0; i < d->device_count; i++) {
        struct device *device = &d->devices[i];
        if (device->class == NULL || !class_has_key(device->class, KEY_PARTITION)) {
            continue;
        }
        if (strcmp(device->name.text, disk->device) == 0) {
            if (device->image != NULL) {
                diag_error((struct place){0}, "--disk %s is said twice", disk->device);
            }
            device->image = disk->path;
            return;
        }
        if (count < 64) {
            names[count++] = device->name.text;
        }
    }
    diag_error((struct place){0}, "--disk %s=%s: there is no block device '%s'", disk->device,
               disk->path, disk->device);
    value_suggest(disk->device, names, count, "block devices");
}

void resolve(struct description *d, const struct world *world)
{
    resolve_board(d, world);
    for (size_t i = 0; i < d->device_count; i++) {
        struct device *device = &d->devices[i];
        if (device->class == NULL || device->node_path.text == NULL) {
            continue;
        }
        nodes_resolve(d, device, world);
        if (device->node != NULL) {
            resolve_driver(device, world->library);
        }
        resolve_parts(device, world->library);
    }
    for (size_t i = 0; i < d->client_count; i++) {
        resolve_client(&d->clients[i], world->library);
    }
    resolve_supervisor(d, world->library);
    LIST_EACH(const struct disk_image, disk, world->options->disks)
    {
        resolve_disk(d, disk);
    }
}
