/* SPDX-License-Identifier: BSD-2-Clause */
#include "description.h"

#include <string.h>

#include "clients.h"
#include "lib/text.h"
#include "values.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const system_keys[] = {"board", "devices", "clients"};
static const char *const device_keys[] = {"class", "node"};

/* ---- Devices ---- */

static void read_class(struct device *device)
{
    const char *names[16];
    size_t count = 0;

    device->class = device->class_name.text == NULL ? NULL : class_find(device->class_name.text);
    if (device->class != NULL || device->class_name.text == NULL) {
        return;
    }
    for (; count < class_count && count < COUNT(names); count++) {
        names[count] = classes[count].name;
    }
    diag_error(device->class_name.at, "%s: there is no class '%s'", device->name.text,
               device->class_name.text);
    value_suggest(device->class_name.text, names, count, "classes");
}

static void read_device(struct device *device, const struct entry *entry)
{
    const char *name = entry->key;

    device->name = (struct said){name, entry->at};
    if (!description_check_name(entry, "device") || !value_is_map(entry->value, name)) {
        return;
    }
    value_refuse_unknown_keys(entry->value, text_format("%s: ", name), device_keys,
                              COUNT(device_keys));
    device->class_name = value_said(entry->value, entry->at, name, "class");
    device->node_path = value_said(entry->value, entry->at, name, "node");
    read_class(device);
}

static void read_devices(struct description *d, const struct value *map)
{
    d->devices = text_alloc(map->count, sizeof *d->devices);
    for (size_t i = 0; i < map->count; i++) {
        read_device(&d->devices[d->device_count++], &map->entries[i]);
    }
}

/* ---- The whole ---- */

static const struct value *find_section(const struct value *root, const char *name)
{
    static const struct value empty = {.kind = VALUE_MAP};
    const struct entry *entry = yaml_find(root, name);

    if (entry == NULL) {
        diag_error(root->at, "'%s' is missing", name);
        return &empty;
    }
    if (entry->value->kind == VALUE_NOTHING || !value_is_map(entry->value, name)) {
        return &empty;
    }
    return entry->value;
}

static void read_board(struct description *d, const struct value *root)
{
    const struct entry *entry = yaml_find(root, "board");

    d->board.at = entry == NULL ? root->at : entry->value->at;
    if (entry == NULL) {
        diag_error(root->at, "'board' is missing");
    } else if (entry->value->kind != VALUE_TEXT) {
        diag_error(entry->value->at, "board must be a name, not %s", yaml_kind(entry->value));
    } else {
        d->board.text = entry->value->text;
    }
}

struct description *description_read(const char *path)
{
    const struct value *root = yaml_read(path);
    struct description *d = text_alloc(1, sizeof *d);

    if (root == NULL || !value_is_map(root, "a system")) {
        return NULL;
    }
    d->path = path;
    value_refuse_unknown_keys(root, "", system_keys, COUNT(system_keys));
    read_board(d, root);
    read_devices(d, find_section(root, "devices"));
    clients_read(d, find_section(root, "clients"));
    return d;
}
