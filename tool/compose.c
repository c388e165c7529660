/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From description to system, by the class table: first all protection domains, then
 * the links of the devices, the clients' in the order of the file, and last what
 * every protection domain has.
 */
#include "compose.h"

#include <string.h>

#include "lib/text.h"
#include "space.h"
#include "values.h"

#define PRIORITY_SUPERVISOR 200U
#define SYSTEM_STACK        (8U * 1024U)
#define TIME_SLICE          200U /* us; the Microkit's, 1,000, lets few take turns (docs/performance.md) */
#define DRIVER_BUDGET       9000U
#define DRIVER_PERIOD       10000U
#define LINK_HALF_HEADER    320U /* sizeof(struct link_half): <quoll/link.h> asserts it */

/* ---- Protection domains ---- */

const char *compose_part_name(const struct device *device, const struct class_part *part,
                              const struct client *client)
{
    if (client != NULL) {
        return text_format("%s_%s_%s", client->name.text, device->name.text, part->suffix);
    }
    return text_format("%s_%s", device->name.text, part->suffix);
}

static size_t count_parts(const struct device *device, bool per_client)
{
    size_t count = 0;

    for (size_t i = 0; i < class_parts(device->class); i++) {
        count += device->class->parts[i].per_client == per_client;
    }
    return count;
}

size_t compose_count_pds(const struct description *d)
{
    size_t count = 1 + d->client_count;

    for (size_t i = 0; i < d->device_count; i++) {
        count += count_parts(&d->devices[i], false);
    }
    for (size_t i = 0; i < d->client_count; i++) {
        for (size_t j = 0; j < d->clients[i].use_count; j++) {
            count += count_parts(d->clients[i].uses[j].device, true);
        }
    }
    return count;
}

static struct pd *add_pd(struct system *s, const char *name, const struct program *program)
{
    struct pd *pd = &s->pds[s->pd_count];

    pd->name = name;
    pd->program = program;
    pd->index = (unsigned)s->pd_count++;
    pd->stack = SYSTEM_STACK;
    pd->budget = TIME_SLICE;
    pd->period = TIME_SLICE;
    pd->next_vaddr = REGIONS_START;
    pd->next = s->sdk->is_host ? &s->next_vaddr : &pd->next_vaddr;
    pd->config.own.io = QUOLL_NO_IO;
    return pd;
}

static const struct program *program_named(const struct library *library, const char *name)
{
    return library_find(library, name, (struct place){0}, name);
}

static void add_part(struct system *s, const struct device *device, const struct class_part *part,
                     const struct client *client, const struct library *library)
{
    bool is_driver = part->program == NULL;
    const struct program *program =
        is_driver ? &device->driver->program : program_named(library, part->program);
    struct pd *pd = add_pd(s, compose_part_name(device, part, client), program);

    pd->device = device;
    pd->part = part;
    pd->client = client;
    pd->is_driver = is_driver;
    pd->priority = part->priority;
    if (is_driver) {
        pd->budget = DRIVER_BUDGET;
        pd->period = DRIVER_PERIOD;
    }
}

static void add_parts(struct system *s, const struct device *device, const struct client *client,
                      const struct library *library)
{
    for (size_t i = 0; i < class_parts(device->class); i++) {
        const struct class_part *part = &device->class->parts[i];
        if (part->per_client == (client != NULL)) {
            add_part(s, device, part, client, library);
        }
    }
}

static void add_client(struct system *s, const struct client *client, const struct library *library)
{
    for (size_t i = 0; i < client->use_count; i++) {
        add_parts(s, client->uses[i].device, client, library);
    }
    struct pd *pd = add_pd(s, client->name.text, client->program);
    pd->client = client;
    pd->stack = client->stack;
    pd->priority = client->priority;
    memcpy(pd->config.settings, client->settings, client->settings_size);
}

static void add_pds(struct system *s, const struct library *library)
{
    const struct description *d = s->description;

    s->pds = text_alloc(compose_count_pds(d), sizeof *s->pds);
    for (size_t i = 0; i < d->device_count; i++) {
        add_parts(s, &d->devices[i], NULL, library);
    }
    for (size_t i = 0; i < d->client_count; i++) {
        add_client(s, &d->clients[i], library);
    }
    struct pd *supervisor =
        add_pd(s, SUPERVISOR_NAME, program_named(library, SUPERVISOR_NAME ".elf"));
    supervisor->priority = PRIORITY_SUPERVISOR;
}

/* The protection domain that is a part of the device, or the client. */
static struct pd *pd_of(struct system *s, const struct device *device, int part,
                        const struct client *client)
{
    const char *name =
        part == PART_CLIENT
            ? client->name.text
            : compose_part_name(device, &device->class->parts[part],
                                device->class->parts[part].per_client ? client : NULL);
    struct pd *pd = s->pds;

    while (strcmp(pd->name, name) != 0) {
        pd++;
    }
    return pd;
}

/* ---- Memory of a class ---- */

static uint64_t memory_size(const struct description *d, const struct class_memory *memory,
                            const struct device *device, const struct use *use)
{
    if (memory->size_key != NULL) {
        return use_setting(use, memory->size_key)->number;
    }
    uint64_t size = memory->size + memory->for_each * clients_of(d, device);

    size = memory->most != 0 && size > memory->most ? memory->most : size;
    return size == 0 ? PAGE_SIZE : text_round_up(size, PAGE_SIZE);
}

static struct region *memory_of(struct system *s, const struct class_memory *memory,
                                const struct device *device, const struct use *use,
                                const struct client *client)
{
    const struct client *owner = memory->per_client ? client : NULL;

    LIST_EACH(struct region *, region, s->regions)
    {
        if ((*region)->memory == memory && (*region)->device == device &&
            (*region)->client == owner) {
            return *region;
        }
    }
    const char *name =
        owner == NULL ? text_format("%s-%s", device->name.text, memory->name)
                      : text_format("%s-%s-%s", owner->name.text, device->name.text, memory->name);
    struct region *region =
        space_region(s, name, REGION_DATA, memory_size(s->description, memory, device, use));
    region->memory = memory;
    region->device = device;
    region->client = owner;
    return region;
}

static struct quoll_region_config view(struct system *s, struct pd *pd,
                                       const struct class_view *view, const struct device *device,
                                       const struct use *use, const struct client *client)
{
    if (view->memory == NULL) {
        return (struct quoll_region_config){.io = QUOLL_NO_IO};
    }
    struct region *region = memory_of(s, view->memory, device, use, client);
    return (struct quoll_region_config){
        .vaddr = view->perms == NULL ? 0 : space_map(pd, region, strcmp(view->perms, "rw") == 0),
        .size = region->size,
        .io = view->io ? space_io(pd, region) : QUOLL_NO_IO,
        .coherent = view->memory->dma && device->node->coherent,
    };
}

static void give_own_memory(struct system *s, const struct device *device)
{
    for (size_t i = 0; i < class_parts(device->class); i++) {
        const struct class_part *part = &device->class->parts[i];
        if (!part->per_client) {
            struct pd *pd = pd_of(s, device, (int)i, NULL);
            pd->config.own = view(s, pd, &part->own, device, NULL, NULL);
        }
    }
}

/* ---- Links ---- */

static void fill_settings(struct quoll_link_config *config, const struct use *use)
{
    const struct device_class *class = use->device->class;

    for (size_t i = 0; i < class_keys(class); i++) {
        const struct class_key *key = &class->keys[i];
        const struct setting *setting = &use->settings[i];
        uint8_t *to = config->settings.bytes + key->offset;
        if (key->width == 0) {
            continue;
        }
        if (key->type == KEY_MAC) {
            memcpy(to, setting->mac, sizeof setting->mac);
        } else if (key->type == KEY_PARTITION) {
            memcpy(to, setting->text, strlen(setting->text));
        } else {
            memcpy(to, &setting->number, key->width); /* little-endian, like the host */
        }
    }
}

static struct end make_end(struct system *s, const struct class_end *shape, struct pd *pd,
                           const struct pd *peer)
{
    struct end end = {.pd = pd,
                      .index = pd->config.links++,
                      .capacity = shape->capacity,
                      .entry_size = (uint32_t)shape->entry_size};
    uint64_t size = LINK_HALF_HEADER + (uint64_t)end.capacity * end.entry_size;

    end.half = space_region(s, text_format("%s-to-%s", pd->name, peer->name), REGION_LINK,
                            text_round_up(size, PAGE_SIZE));
    end.half->writer = pd;
    return end;
}

/* What a link is called at one of its ends. */
static const char *name_at(const struct end *end, const struct link *link)
{
    bool at_client = end->pd->device == NULL;

    return link->client == NULL || at_client ? link->device->name.text : link->client->name.text;
}

static void configure_end(struct system *s, const struct link *link, const struct end *mine,
                          const struct end *peer, const struct class_view *data,
                          const struct use *use)
{
    struct pd *pd = mine->pd;
    struct quoll_link_config *config = &pd->config.link[mine->index];

    config->mine = space_map(pd, mine->half, true);
    config->peer = space_map(pd, peer->half, false);
    config->produce_capacity = mine->capacity;
    config->consume_capacity = peer->capacity;
    config->kind = (uint8_t)link->shape->kind;
    config->peer_pd = (uint8_t)peer->pd->index;
    config->data = view(s, pd, data, link->device, use, link->client);
    memcpy(config->name, name_at(mine, link), strlen(name_at(mine, link)));
    if (use != NULL) {
        fill_settings(config, use);
    }
}

static void add_link(struct system *s, const struct class_link *shape, const struct device *device,
                     const struct use *use, const struct client *client)
{
    struct pd *up = pd_of(s, device, shape->up.part, client);
    struct pd *down = pd_of(s, device, shape->down.part, client);
    struct link link = {.shape = shape,
                        .device = device,
                        .client = client,
                        .up = make_end(s, &shape->up, up, down),
                        .down = make_end(s, &shape->down, down, up)};

    configure_end(s, &link, &link.up, &link.down, &shape->up.data, use);
    configure_end(s, &link, &link.down, &link.up, &shape->down.data, use);
    LIST_ADD(&s->links, link);
}

static void add_device_links(struct system *s, const struct device *device)
{
    for (size_t i = 0; i < class_links(device->class); i++) {
        if (!class_link_per_client(device->class, &device->class->links[i])) {
            add_link(s, &device->class->links[i], device, NULL, NULL);
        }
    }
}

static void add_client_links(struct system *s, const struct client *client)
{
    for (size_t i = 0; i < client->use_count; i++) {
        const struct use *use = &client->uses[i];
        const struct device_class *class = use->device->class;
        for (size_t j = 0; j < class_links(class); j++) {
            if (class_link_per_client(class, &class->links[j])) {
                add_link(s, &class->links[j], use->device, use, client);
            }
        }
    }
}

static void number_end(struct end *end)
{
    end->channel = end->pd->channels++;
    end->pd->config.link[end->index].channel = (uint8_t)end->channel;
}

/*
 * libmicrokit looks at one channel after the other, from 0 on, so what wakes a protection
 * domain most often comes first: interrupts, which have their numbers already, then links.
 */
static void number_channels(struct system *s)
{
    for (int seldom = 0; seldom <= 1; seldom++) {
        LIST_EACH(struct link, link, s->links)
        {
            if (link->shape->up.seldom == seldom) {
                number_end(&link->up);
            }
            if (link->shape->down.seldom == seldom) {
                number_end(&link->down);
            }
        }
    }
}

/* ---- What every protection domain has ---- */

static void give_counters(struct system *s)
{
    for (size_t i = 0; i < s->pd_count; i++) {
        struct pd *pd = &s->pds[i];
        struct region *page =
            space_region(s, text_format("%s-counters", pd->name), REGION_COUNTERS, PAGE_SIZE);
        page->writer = pd;
        pd->config.counters = space_map(pd, page, true);
    }
}

static void show_counters(struct system *s, struct pd *observer)
{
    observer->config.observed_pages = (uint16_t)s->pd_count;
    observer->config.observed = space_reserve(observer, s->pd_count * PAGE_SIZE, PAGE_SIZE);
    LIST_EACH(struct region *, region, s->regions)
    {
        if ((*region)->kind == REGION_COUNTERS) {
            space_map_at(observer, *region, false,
                         observer->config.observed + (*region)->writer->index * PAGE_SIZE);
        }
    }
}

static void give_lives(struct system *s)
{
    const struct pd *supervisor = &s->pds[s->pd_count - 1];
    struct region *lives = space_region(s, "lives", REGION_LIVES, PAGE_SIZE);

    lives->writer = supervisor;
    for (size_t i = 0; i < s->pd_count; i++) {
        s->pds[i].config.lives = space_map(&s->pds[i], lives, &s->pds[i] == supervisor);
    }
}

static void give_identity(const struct system *s, struct pd *pd)
{
    pd->config.magic = QUOLL_CONFIG_MAGIC;
    pd->config.version = QUOLL_CONFIG_VERSION;
    pd->config.stack_top = s->sdk->stack_top;
    pd->config.pd = (uint8_t)pd->index;
    memcpy(pd->config.name, pd->name, strlen(pd->name));
}

/* The supervisor's links are its children: names and indices, nothing else. */
static void introduce_children(struct system *s)
{
    struct pd *supervisor = &s->pds[s->pd_count - 1];

    for (size_t i = 0; i + 1 < s->pd_count; i++) {
        struct quoll_link_config *child = &supervisor->config.link[i];
        child->kind = LINK_NONE;
        child->channel = QUOLL_NO_CHANNEL;
        child->peer_pd = (uint8_t)i;
        child->data.io = QUOLL_NO_IO;
        memcpy(child->name, s->pds[i].name, strlen(s->pds[i].name));
    }
    supervisor->config.links = (uint16_t)(s->pd_count - 1);
    supervisor->config.children = (uint8_t)(s->pd_count - 1);
}

struct system *compose(const struct description *d, const struct sdk *sdk,
                       const struct library *library)
{
    struct system *s = text_alloc(1, sizeof *s);

    s->description = d;
    s->sdk = sdk;
    s->next_vaddr = REGIONS_START;
    add_pds(s, library);
    for (size_t i = 0; i < d->device_count; i++) {
        add_device_links(s, &d->devices[i]);
        give_own_memory(s, &d->devices[i]);
    }
    for (size_t i = 0; i < d->client_count; i++) {
        add_client_links(s, &d->clients[i]);
    }
    for (size_t i = 0; i < s->pd_count; i++) {
        give_identity(s, &s->pds[i]);
        if (s->pds[i].is_driver) {
            space_give_device(s, &s->pds[i]);
        }
    }
    number_channels(s);
    introduce_children(s);
    give_counters(s);
    give_lives(s);
    for (size_t i = 0; i < s->pd_count; i++) {
        if (s->pds[i].device == NULL && s->pds[i].client != NULL && s->pds[i].client->observes) {
            show_counters(s, &s->pds[i]);
        }
    }
    s->order = text_alloc(s->pd_count, sizeof *s->order);
    for (size_t i = 0; i < s->pd_count; i++) {
        s->order[i] = (unsigned)i;
    }
    return s;
}
