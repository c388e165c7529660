/* SPDX-License-Identifier: BSD-2-Clause */
#include "clients.h"

#include <string.h>

#include "lib/text.h"
#include "values.h"

#define COUNT(array)     (sizeof(array) / sizeof(array)[0])
#define STACK_DEFAULT    (64U * 1024U)
#define STACK_MOST       (16U * 1024U * 1024U) /* the Microkit's */
#define PRIORITY_DEFAULT 100U
#define PRIORITY_MOST    109U /* below every copier */

static const char *const client_keys[] = {"program", "settings", "observe", "stack", "priority"};

bool description_check_name(const struct entry *entry, const char *what)
{
    if (!value_is_name(entry->key)) {
        diag_error(entry->at, "'%s' cannot be the name of a %s", entry->key, what);
        diag_hint("a lower-case letter, then lower-case letters, digits and '_', at most %d in all",
                  NAME_MAX_LENGTH);
        return false;
    }
    if (strcmp(entry->key, SUPERVISOR_NAME) == 0 ||
        value_among(entry->key, client_keys, COUNT(client_keys))) {
        diag_error(entry->at, "'%s' cannot be the name of a %s: it has a meaning of its own",
                   entry->key, what);
        return false;
    }
    return true;
}

/* ---- A client's use of a device ---- */

static size_t choice_count(const struct class_key *key)
{
    size_t n = 0;

    while (n < CLASS_MAX_CHOICES && key->choices[n] != NULL) {
        n++;
    }
    return n;
}

static void read_setting(struct setting *setting, const struct class_key *key, const char *who,
                         const struct value *value)
{
    setting->at = value->at;
    setting->text = value->text;
    switch (key->type) {
    case KEY_MAC:
        value_mac(value, who, setting->mac);
        break;
    case KEY_PARTITION:
        if (value_text(value, who, key->name, &setting->text) &&
            strlen(setting->text) >= key->width) {
            diag_error(value->at, "%s: the name of a %s has at most %zu characters", who, key->name,
                       key->width - 1);
        }
        break;
    case KEY_CHOICE:
        value_choice(value, who, key->name, key->choices, choice_count(key), &setting->number);
        break;
    case KEY_NUMBER:
        value_number(value, who, key->name, key->least, key->most, &setting->number);
        break;
    case KEY_SIZE:
        value_size(value, who, key->name, key->least, key->most, &setting->number);
        break;
    }
}

/* What a setting is that was not said; `turn` counts the device's clients from 0. */
static void fall_back(struct setting *setting, const struct class_key *key, const struct use *use,
                      const char *who, size_t turn)
{
    setting->number = key->fallback;
    if (key->required) {
        diag_error(use->at, "%s: %s needs '%s'", who, use->device->name.text, key->name);
    } else if (key->rotates) {
        setting->number = 1 + turn % (choice_count(key) - 1);
    }
}

static void refuse_unknown_settings(const struct value *map, const char *who,
                                    const struct device_class *class)
{
    const char *names[CLASS_MAX_KEYS];

    for (size_t i = 0; i < class_keys(class); i++) {
        names[i] = class->keys[i].name;
    }
    value_refuse_unknown_keys(map, who, names, class_keys(class));
}

static void read_use(struct use *use, const struct client *client, const struct value *value,
                     size_t turn)
{
    static const struct value nothing = {.kind = VALUE_MAP};
    const struct value *map = value->kind == VALUE_NOTHING ? &nothing : value;
    const struct device_class *class = use->device->class;
    const char *who = client->name.text;

    if (class == NULL || !value_is_map(map, text_format("%s: %s", who, use->device->name.text))) {
        return;
    }
    refuse_unknown_settings(map, text_format("%s: %s: ", who, use->device->name.text), class);
    for (size_t i = 0; i < class_keys(class); i++) {
        const struct entry *entry = yaml_find(map, class->keys[i].name);
        if (entry != NULL) {
            read_setting(&use->settings[i], &class->keys[i], who, entry->value);
        } else {
            fall_back(&use->settings[i], &class->keys[i], use, who, turn);
        }
    }
}

/* ---- Clients ---- */

static struct device *find_device(struct description *d, const char *name)
{
    for (size_t i = 0; i < d->device_count; i++) {
        if (strcmp(d->devices[i].name.text, name) == 0) {
            return &d->devices[i];
        }
    }
    return NULL;
}

size_t clients_of(const struct description *d, const struct device *device)
{
    size_t n = 0;

    for (size_t i = 0; i < d->client_count; i++) {
        for (size_t j = 0; j < d->clients[i].use_count; j++) {
            n += d->clients[i].uses[j].device == device;
        }
    }
    return n;
}

static void refuse_key(const struct description *d, const char *who, const struct entry *entry)
{
    const char **names = text_alloc(d->device_count + COUNT(client_keys), sizeof *names);
    size_t count = 0;

    for (size_t i = 0; i < d->device_count; i++) {
        names[count++] = d->devices[i].name.text;
    }
    for (size_t i = 0; i < COUNT(client_keys); i++) {
        names[count++] = client_keys[i];
    }
    diag_error(entry->at, "%s: '%s' is neither a device nor a client's key", who, entry->key);
    value_suggest(entry->key, names, count, "devices and keys");
}

static void read_uses(struct description *d, struct client *client, const struct value *map)
{
    client->uses = text_alloc(map->count, sizeof *client->uses);
    for (size_t i = 0; i < map->count; i++) {
        const struct entry *entry = &map->entries[i];
        struct device *device = find_device(d, entry->key);
        if (device != NULL) {
            struct use *use = &client->uses[client->use_count];
            *use = (struct use){.device = device, .at = entry->at};
            read_use(use, client, entry->value, clients_of(d, device));
            client->use_count++;
        } else if (!value_among(entry->key, client_keys, COUNT(client_keys))) {
            refuse_key(d, client->name.text, entry);
        }
    }
}

/* "key=value\0key=value\0\0", as <quoll/config.h> has it. */
static void read_settings(struct client *client, const struct value *map)
{
    const char *who = client->name.text;
    size_t size = 1;

    for (size_t i = 0; i < map->count; i++) {
        const struct entry *entry = &map->entries[i];
        const char *value = entry->value->kind == VALUE_NOTHING ? "" : entry->value->text;
        if (!value_is_name(entry->key)) {
            diag_error(entry->at, "%s: '%s' cannot be the name of a setting", who, entry->key);
        } else if (value == NULL) {
            diag_error(entry->value->at, "%s: %s must be a text, not %s", who, entry->key,
                       yaml_kind(entry->value));
        } else {
            char *text = text_format("%s=%s", entry->key, value);
            size_t length = strlen(text) + 1;
            if (size + length <= sizeof client->settings) {
                memcpy(client->settings + size - 1, text, length);
            }
            size += length;
        }
    }
    client->settings_size = size;
    if (size > sizeof client->settings) {
        diag_error(map->at, "%s: the settings take %zu bytes, at most %u", who, size,
                   QUOLL_SETTINGS_SIZE);
    }
}

static void read_limits(struct client *client, const struct value *map)
{
    const struct entry *stack = yaml_find(map, "stack");
    const struct entry *priority = yaml_find(map, "priority");
    uint64_t number;

    client->stack = STACK_DEFAULT;
    client->priority = PRIORITY_DEFAULT;
    if (stack != NULL) {
        value_size(stack->value, client->name.text, "stack", PAGE_SIZE, STACK_MOST, &client->stack);
    }
    if (priority != NULL &&
        value_number(priority->value, client->name.text, "priority", 1, PRIORITY_MOST, &number)) {
        client->priority = (unsigned)number;
    }
}

static void read_client(struct description *d, struct client *client, const struct entry *entry)
{
    static const char *const observable[] = {"counters"};
    const char *name = entry->key;
    const struct value *map = entry->value;
    uint64_t chosen;

    client->name = (struct said){name, entry->at};
    if (!description_check_name(entry, "client") || !value_is_map(map, name)) {
        return;
    }
    if (find_device(d, name) != NULL) {
        diag_error(entry->at, "'%s' is the name of a device already (line %u)", name,
                   find_device(d, name)->name.at.line);
    }
    client->program_name = value_said(map, entry->at, name, "program");
    read_limits(client, map);
    const struct entry *settings = yaml_find(map, "settings");
    if (settings != NULL && value_is_map(settings->value, text_format("%s: settings", name))) {
        read_settings(client, settings->value);
    }
    const struct entry *observe = yaml_find(map, "observe");
    client->observes = observe != NULL && value_choice(observe->value, name, "observe", observable,
                                                       COUNT(observable), &chosen);
    read_uses(d, client, map);
}

void clients_read(struct description *d, const struct value *map)
{
    d->clients = text_alloc(map->count, sizeof *d->clients);
    for (size_t i = 0; i < map->count; i++) {
        struct client *client = &d->clients[d->client_count];
        read_client(d, client, &map->entries[i]);
        d->client_count++;
    }
}

const struct setting *use_setting(const struct use *use, const char *key)
{
    size_t i = 0;

    while (strcmp(use->device->class->keys[i].name, key) != 0) {
        i++;
    }
    return &use->settings[i];
}
