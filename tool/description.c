/* SPDX-License-Identifier: BSD-2-Clause */
#include "description.h"

#include <string.h>

#include "clients.h"
#include "lib/text.h"
#include "values.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const system_keys[] = {"board", "devices", "clients"};

/* ---- Devices ---- */

static void read_class(struct device *device)
{
    const char *names[16];
    size_t count = 0;

    device->class = device->class_name.text == NULL ? NULL : class_find(device->class_name.text);
    if (device->class != NULL || device->class_name.text == NULL) {
        return;
    }
    for (size_t i = 0; i < class_count && count < COUNT(names); i++) {
        if (count == 0 || strcmp(names[count - 1], classes[i].name) != 0) {
            names[count++] = classes[i].name;
        }
    }
    diag_error(device->class_name.at, "%s: there is no class '%s'", device->name.text,
               device->class_name.text);
    value_suggest(device->class_name.text, names, count, "classes");
}

/* Which of the class's variants it is to be. */
static void read_variant(struct device *device, const struct value *map)
{
    const char *names[CLASS_MAX_CHOICES];
    const char *key = device->class->variant_key;
    const struct entry *entry = key == NULL ? NULL : yaml_find(map, key);
    size_t count = class_variants(device->class, names);
    uint64_t chosen;

    if (entry != NULL &&
        value_choice(entry->value, device->name.text, key, names, count, &chosen)) {
        device->class += chosen;
    }
}

static void refuse_unknown_keys(const struct value *map, const char *name)
{
    const struct entry *said = yaml_find(map, "class");
    const struct device_class *class =
        said != NULL && said->value->kind == VALUE_TEXT ? class_find(said->value->text) : NULL;
    const char *known[] = {"class", "node", class == NULL ? NULL : class->variant_key};

    value_refuse_unknown_keys(map, text_format("%s: ", name), known, known[2] == NULL ? 2 : 3);
}

static void read_device(struct device *device, const struct entry *entry)
{
    const char *name = entry->key;

    device->name = (struct said){name, entry->at};
    if (!description_check_name(entry, "device") || !value_is_map(entry->value, name)) {
        return;
    }
    refuse_unknown_keys(entry->value, name);
    device->class_name = value_said(entry->value, entry->at, name, "class");
    device->node_path = value_said(entry->value, entry->at, name, "node");
    read_class(device);
    if (device->class != NULL) {
        read_variant(device, entry->value);
    }
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
