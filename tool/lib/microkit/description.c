/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From elements to a description. As strict as the official tool: an element or
 * attribute that has no meaning here is an error, so that a system that is accepted
 * here is accepted there.
 */
#include "description.h"

#include "attributes.h"
#include "text.h"
#include "xml.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ID         (MAX_CHANNELS - 1)
#define MAX_PRIORITY   254
#define DEFAULT_BUDGET 1000
#define MIN_STACK      0x1000ULL
#define MAX_STACK      0x1000000ULL

static size_t find_pd(const struct description *d, const char *name)
{
    size_t i = 0;

    while (i < d->pd_count && strcmp(d->pds[i].name, name) != 0) {
        i++;
    }
    return i;
}

static size_t find_region(const struct description *d, const char *name)
{
    size_t i = 0;

    while (i < d->region_count && strcmp(d->regions[i].name, name) != 0) {
        i++;
    }
    return i;
}

static void unknown_region(const struct description *d, struct place place, const char *pd,
                           const char *name)
{
    const char **names = text_alloc(d->region_count, sizeof *names);

    for (size_t i = 0; i < d->region_count; i++) {
        names[i] = d->regions[i].name;
    }
    diag_error(place, "%s: there is no memory region '%s'", pd, name);
    const char *meant = diag_nearest(name, names, d->region_count);
    if (meant != NULL) {
        diag_hint("did you mean '%s'?", meant);
    }
    free(names);
}

static void read_region(struct description *d, const struct xml_element *e)
{
    unsigned errors = diag_errors();
    ALLOW(e, "name", "size", "page_size", "phys_addr");
    struct region region = {
        .name = attributes_need(e, "name"),
        .place = e->place,
        .size = attributes_need_number(e, "size"),
        .page_size = attributes_number(e, "page_size", PAGE_SMALL),
        .fixed = xml_attribute(e, "phys_addr") != NULL,
        .physical = attributes_number(e, "phys_addr", 0),
    };

    if (region.page_size != PAGE_SMALL && region.page_size != PAGE_LARGE) {
        diag_error(e->place, "memory region '%s': page_size 0x%lx is not supported", region.name,
                   region.page_size);
        diag_hint("0x%llx or 0x%llx", PAGE_SMALL, PAGE_LARGE);
        region.page_size = PAGE_SMALL;
    }
    if (region.size % region.page_size != 0) {
        diag_error(e->place,
                   "memory region '%s': size 0x%lx is not a multiple of the page size 0x%lx",
                   region.name, region.size, region.page_size);
    }
    if (region.size == 0 && diag_errors() == errors) {
        diag_error(e->place, "memory region '%s': size must not be 0", region.name);
    }
    if (region.physical % region.page_size != 0) {
        diag_error(e->place,
                   "memory region '%s': phys_addr 0x%lx is not a multiple of the page size 0x%lx",
                   region.name, region.physical, region.page_size);
    }
    if (e->child_count != 0) {
        diag_error(e->children[0]->place, "element 'memory_region' must be empty");
    }
    *APPEND(d->regions, d->region_count) = region;
}

static bool take_letter(const char *perms, char letter)
{
    return strchr(perms, letter) != NULL;
}

static void read_perms(const struct xml_element *e, const char *pd, struct map *map)
{
    const char *perms = xml_attribute(e, "perms");

    perms = perms != NULL ? perms : "rw";
    map->readable = take_letter(perms, 'r');
    map->writable = take_letter(perms, 'w');
    map->executable = take_letter(perms, 'x');
    if (strspn(perms, "rwx") != strlen(perms)) {
        diag_error(e->place, "%s: perms '%s' must be a combination of 'r', 'w' and 'x'", pd, perms);
    } else if (map->writable && !map->readable && !map->executable) {
        diag_error(e->place, "%s: perms '%s' is not possible, write-only mappings are not allowed",
                   pd, perms);
        diag_hint("'rw'?");
    }
}

static void add_setvar(struct pd *pd, struct setvar setvar)
{
    for (size_t i = 0; i < pd->setvar_count; i++) {
        if (strcmp(pd->setvars[i].symbol, setvar.symbol) == 0) {
            diag_error(setvar.place, "%s: symbol '%s' is set twice", pd->name, setvar.symbol);
            diag_hint("first in line %u", pd->setvars[i].place.line);
        }
    }
    *APPEND(pd->setvars, pd->setvar_count) = setvar;
}

/* Regions are read before PDs, so that their names are known here. */
static void read_map(const struct description *d, struct pd *pd, const struct xml_element *e)
{
    ALLOW(e, "mr", "vaddr", "perms", "cached", "setvar_vaddr", "setvar_size");
    const char *name = attributes_need(e, "mr");
    struct map map = {
        .place = e->place,
        .region = find_region(d, name),
        .address = attributes_need_number(e, "vaddr"),
        .cached = attributes_truth(e, "cached", true),
    };
    uint64_t limit = STACK_TOP - pd->stack_size;

    read_perms(e, pd->name, &map);
    if (map.address >= limit) {
        diag_error(e->place, "%s: vaddr 0x%lx must be less than 0x%lx, where the stack begins",
                   pd->name, map.address, limit);
    }
    const char *setvar_vaddr = xml_attribute(e, "setvar_vaddr");
    const char *setvar_size = xml_attribute(e, "setvar_size");
    if (setvar_vaddr != NULL) {
        add_setvar(pd, (struct setvar){.place = e->place,
                                       .symbol = setvar_vaddr,
                                       .kind = SETVAR_ADDRESS,
                                       .address = map.address});
    }
    if (setvar_size != NULL) {
        add_setvar(pd, (struct setvar){.place = e->place,
                                       .symbol = setvar_size,
                                       .kind = SETVAR_SIZE,
                                       .region = map.region});
    }
    if (map.region < d->region_count) {
        *APPEND(pd->maps, pd->map_count) = map;
    } else if (name[0] != '\0') {
        unknown_region(d, e->place, pd->name, name);
    }
}

static void read_irq(struct pd *pd, const struct xml_element *e)
{
    ALLOW(e, "irq", "id", "trigger");
    const char *trigger = xml_attribute(e, "trigger");

    if (trigger != NULL && strcmp(trigger, "level") != 0 && strcmp(trigger, "edge") != 0) {
        diag_error(e->place, "%s: trigger '%s' must be 'level' or 'edge'", pd->name, trigger);
    }
    *APPEND(pd->irqs, pd->irq_count) = (struct irq){
        .place = e->place,
        .irq = (unsigned)attributes_need_decimal(e, "irq", MAX_IRQS - 1),
        .id = (unsigned)attributes_need_decimal(e, "id", MAX_ID),
        .edge = trigger != NULL && strcmp(trigger, "edge") == 0,
    };
}

static void read_setvar(const struct description *d, struct pd *pd, const struct xml_element *e)
{
    ALLOW(e, "symbol", "region_paddr");
    const char *name = attributes_need(e, "region_paddr");
    struct setvar setvar = {
        .place = e->place,
        .symbol = attributes_need(e, "symbol"),
        .kind = SETVAR_PHYSICAL,
        .region = find_region(d, name),
    };

    if (setvar.region == d->region_count && name[0] != '\0') {
        unknown_region(d, e->place, pd->name, name);
    } else {
        add_setvar(pd, setvar);
    }
}

static void read_program(struct pd *pd, const struct xml_element *e)
{
    ALLOW(e, "path");
    if (pd->program != NULL) {
        diag_error(e->place, "%s: a second program_image", pd->name);
        diag_hint("the first is in line %u", pd->program_place.line);
        return;
    }
    pd->program = attributes_need(e, "path");
    pd->program_place = e->place;
}

static void read_pd(struct description *d, const struct xml_element *e, size_t parent);

static void read_pd_child(struct description *d, size_t index, const struct xml_element *e)
{
    struct pd *pd = &d->pds[index];

    if (strcmp(e->name, "program_image") == 0) {
        read_program(pd, e);
    } else if (strcmp(e->name, "map") == 0) {
        read_map(d, pd, e);
    } else if (strcmp(e->name, "irq") == 0) {
        read_irq(pd, e);
    } else if (strcmp(e->name, "setvar") == 0) {
        read_setvar(d, pd, e);
    } else if (strcmp(e->name, "protection_domain") == 0) {
        read_pd(d, e, index);
    } else if (strcmp(e->name, "virtual_machine") == 0) {
        diag_error(e->place, "%s: the development SDK has no virtual machines", pd->name);
    } else {
        INVALID_ELEMENT(e, "program_image", "map", "irq", "setvar", "protection_domain");
    }
}

static void check_pd_numbers(const struct pd *pd, const struct xml_element *e)
{
    if (strlen(pd->name) >= PD_NAME_SIZE) {
        diag_error(e->place, "protection domain '%s': the name is longer than %d bytes", pd->name,
                   PD_NAME_SIZE - 1);
    }
    if (pd->priority > MAX_PRIORITY) {
        diag_error(e->place, "%s: priority %lu is not from 0 to %d", pd->name, pd->priority,
                   MAX_PRIORITY);
    }
    if (pd->budget > pd->period) {
        diag_error(e->place, "%s: budget %lu is more than the period %lu", pd->name, pd->budget,
                   pd->period);
    }
    if (pd->budget == 0) {
        diag_error(e->place, "%s: budget must not be 0", pd->name);
    }
    if (pd->stack_size < MIN_STACK || pd->stack_size > MAX_STACK) {
        diag_error(e->place, "%s: stack_size 0x%lx is not from 0x%llx to 0x%llx", pd->name,
                   pd->stack_size, MIN_STACK, MAX_STACK);
    } else if (pd->stack_size % PAGE_SMALL != 0) {
        diag_error(e->place, "%s: stack_size 0x%lx is not a multiple of the page size 0x%llx",
                   pd->name, pd->stack_size, PAGE_SMALL);
    }
}

static unsigned read_child_id(const struct xml_element *e)
{
    uint64_t id = attributes_need_number(e, "id");

    if (id > MAX_ID) {
        diag_error(e->place, "id '%s' on element '%s' is not a number from 0 to %d",
                   xml_attribute(e, "id"), e->name, MAX_ID);
    }
    return (unsigned)id;
}

static void read_pd(struct description *d, const struct xml_element *e, size_t parent)
{
    bool is_child = parent != NO_PD;
    size_t index = d->pd_count;
    uint64_t budget = attributes_number(e, "budget", DEFAULT_BUDGET);
    struct pd pd = {
        .name = attributes_need(e, "name"),
        .place = e->place,
        .priority = attributes_number(e, "priority", 0),
        .budget = budget,
        .period = attributes_number(e, "period", budget),
        .stack_size = attributes_number(e, "stack_size", MIN_STACK),
        .passive = attributes_truth(e, "passive", false),
        .parent = parent,
        .child = is_child ? read_child_id(e) : 0,
    };

    if (is_child) {
        ALLOW(e, "name", "priority", "budget", "period", "passive", "stack_size", "smc", "id");
    } else {
        ALLOW(e, "name", "priority", "budget", "period", "passive", "stack_size", "smc");
    }
    check_pd_numbers(&pd, e);
    if (attributes_truth(e, "smc", false)) {
        diag_error(e->place, "%s: the development SDK has no secure monitor calls (smc)", pd.name);
    }
    *APPEND(d->pds, d->pd_count) = pd;
    for (size_t i = 0; i < e->child_count; i++) {
        read_pd_child(d, index, e->children[i]);
    }
    if (d->pds[index].program == NULL) {
        diag_error(e->place, "%s: there is no program_image", pd.name);
    }
}

static void read_end(struct description *d, const struct xml_element *e, struct channel_end *end)
{
    ALLOW(e, "pd", "id", "pp", "notify");
    const char *name = attributes_need(e, "pd");

    *end = (struct channel_end){
        .place = e->place,
        .pd = find_pd(d, name),
        .id = (unsigned)attributes_need_decimal(e, "id", MAX_ID),
        .notify = attributes_truth(e, "notify", true),
        .calls = attributes_truth(e, "pp", false),
    };
    if (end->pd == d->pd_count && name[0] != '\0') {
        diag_error(e->place, "there is no protection domain '%s'", name);
    }
}

static void read_channel(struct description *d, const struct xml_element *e)
{
    struct channel channel = {.place = e->place};
    size_t ends = 0;

    attributes_allow(e, NULL, 0);
    for (size_t i = 0; i < e->child_count; i++) {
        if (strcmp(e->children[i]->name, "end") != 0) {
            INVALID_ELEMENT(e->children[i], "end");
        } else if (ends++ < 2) {
            read_end(d, e->children[i], &channel.ends[ends - 1]);
        }
    }
    if (ends != 2) {
        diag_error(e->place, "a channel has exactly two ends, not %zu", ends);
        return;
    }
    if (channel.ends[0].calls && channel.ends[1].calls) {
        diag_error(e->place, "only one end of a channel may have pp");
    }
    if (channel.ends[0].pd < d->pd_count && channel.ends[1].pd < d->pd_count) {
        *APPEND(d->channels, d->channel_count) = channel;
    }
}

static void read_kind(struct description *d, const struct xml_element *system, const char *kind,
                      void (*read)(struct description *d, const struct xml_element *e))
{
    for (size_t i = 0; i < system->child_count; i++) {
        if (strcmp(system->children[i]->name, kind) == 0) {
            read(d, system->children[i]);
        }
    }
}

static void read_root_pd(struct description *d, const struct xml_element *e)
{
    read_pd(d, e, NO_PD);
}

static void check_kinds(const struct xml_element *system)
{
    for (size_t i = 0; i < system->child_count; i++) {
        const struct xml_element *e = system->children[i];
        if (strcmp(e->name, "virtual_machine") == 0) {
            diag_error(e->place, "the development SDK has no virtual machines");
        } else if (strcmp(e->name, "domain_schedule") == 0 || strcmp(e->name, "domains") == 0) {
            diag_error(e->place, "the development SDK has no scheduling domains");
        } else if (strcmp(e->name, "protection_domain") != 0 && strcmp(e->name, "channel") != 0 &&
                   strcmp(e->name, "memory_region") != 0) {
            INVALID_ELEMENT(e, "protection_domain", "memory_region", "channel");
        }
    }
}

struct description *description_read(const char *path)
{
    struct description *d = text_alloc(1, sizeof *d);
    struct xml_element *system = xml_read(path);

    if (system == NULL) {
        return d;
    }
    if (strcmp(system->name, "system") != 0) {
        diag_error(system->place, "the root element is '%s', not 'system'", system->name);
        return d;
    }
    check_kinds(system);
    read_kind(d, system, "memory_region", read_region);
    read_kind(d, system, "protection_domain", read_root_pd);
    read_kind(d, system, "channel", read_channel);
    if (d->pd_count == 0 && diag_errors() == 0) {
        diag_error((struct place){.file = path}, "there is no protection domain");
    }
    return d;
}
