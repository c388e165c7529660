/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From elements to a description. As strict as the official tool: an element or
 * attribute that has no meaning here is an error, so that a system that is accepted
 * here is accepted there.
 */
#include "description.h"

#include "image.h"
#include "text.h"
#include "xml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ID         (MAX_CHANNELS - 1)
#define MAX_PRIORITY   254
#define DEFAULT_BUDGET 1000
#define MIN_STACK      0x1000ULL
#define MAX_STACK      0x1000000ULL

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* Complain about attributes that the element does not have. */
static void allow(const struct xml_element *e, const char *const *names, size_t count)
{
    for (size_t i = 0; i < e->attribute_count; i++) {
        const char *given = e->attributes[i].name;
        size_t at = 0;
        while (at < count && strcmp(given, names[at]) != 0) {
            at++;
        }
        if (at < count) {
            continue;
        }
        diag_error(e->place, "invalid attribute '%s' on element '%s'", given, e->name);
        const char *meant = diag_nearest(given, names, count);
        if (meant != NULL) {
            diag_hint("did you mean '%s'?", meant);
        } else if (strcmp(given, "cpu") == 0) {
            diag_hint("the development SDK has one core");
        }
    }
}

#define ALLOW(e, ...)                                                                              \
    do {                                                                                           \
        static const char *const names_[] = {__VA_ARGS__};                                         \
        allow((e), names_, LENGTH(names_));                                                        \
    } while (0)

static void invalid_element(const struct xml_element *e, const char *const *names, size_t count)
{
    diag_error(e->place, "invalid element '%s' in '%s'", e->name, e->parent->name);
    const char *meant = diag_nearest(e->name, names, count);
    if (meant != NULL) {
        diag_hint("did you mean '%s'?", meant);
    }
}

#define INVALID_ELEMENT(e, ...)                                                                    \
    do {                                                                                           \
        static const char *const names_[] = {__VA_ARGS__};                                         \
        invalid_element((e), names_, LENGTH(names_));                                              \
    } while (0)

/* A required attribute: "" if it is missing, which was said. */
static const char *need(const struct xml_element *e, const char *name)
{
    const char *value = xml_attribute(e, name);

    if (value == NULL) {
        diag_error(e->place, "element '%s' needs the attribute '%s'", e->name, name);
        return "";
    }
    return value;
}

/* Digits, decimal or after 0x hexadecimal; underscores between them mean nothing. */
static bool parse_number(const char *text, uint64_t *number)
{
    char digits[32];
    size_t n = 0;
    char *end;

    for (; *text != '\0'; text++) {
        if (*text != '_' && n < sizeof digits - 1) {
            digits[n++] = *text;
        }
    }
    digits[n] = '\0';
    int base = strncmp(digits, "0x", 2) == 0 ? 16 : 10;
    const char *first = base == 16 ? digits + 2 : digits;
    if (strspn(first, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") != strlen(first) ||
        *first == '\0') {
        return false;
    }
    errno = 0;
    *number = strtoull(first, &end, base);
    return errno == 0;
}

/* The attribute as a number; `otherwise` if it is absent or wrong. */
static uint64_t number(const struct xml_element *e, const char *name, uint64_t otherwise)
{
    const char *text = xml_attribute(e, name);
    uint64_t value;

    if (text == NULL) {
        return otherwise;
    }
    if (!parse_number(text, &value)) {
        diag_error(e->place, "%s '%s' on element '%s' is not a number", name, text, e->name);
        diag_hint("decimal, or hexadecimal after 0x; at most 64 bits");
        return otherwise;
    }
    return value;
}

static uint64_t needed_number(const struct xml_element *e, const char *name)
{
    need(e, name);
    return number(e, name, 0);
}

static uint64_t needed_up_to(const struct xml_element *e, const char *name, uint64_t max)
{
    const char *text = need(e, name);
    uint64_t value = 0;

    if (text[0] == '\0') {
        return 0;
    }
    if (!parse_number(text, &value) || value > max) {
        diag_error(e->place, "%s '%s' on element '%s' is not a number from 0 to %lu", name, text,
                   e->name, max);
        return 0;
    }
    return value;
}

static bool truth(const struct xml_element *e, const char *name, bool otherwise)
{
    const char *text = xml_attribute(e, name);

    if (text == NULL) {
        return otherwise;
    }
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        diag_error(e->place, "%s '%s' on element '%s' must be 'true' or 'false'", name, text,
                   e->name);
    }
    return strcmp(text, "true") == 0;
}

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
        .name = need(e, "name"),
        .place = e->place,
        .size = needed_number(e, "size"),
        .page_size = number(e, "page_size", PAGE_SMALL),
        .fixed = xml_attribute(e, "phys_addr") != NULL,
        .physical = number(e, "phys_addr", 0),
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
    const char *name = need(e, "mr");
    struct map map = {
        .place = e->place,
        .region = find_region(d, name),
        .address = needed_number(e, "vaddr"),
        .cached = truth(e, "cached", true),
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
        .irq = (unsigned)needed_up_to(e, "irq", MAX_IRQS - 1),
        .id = (unsigned)needed_up_to(e, "id", MAX_ID),
        .edge = trigger != NULL && strcmp(trigger, "edge") == 0,
    };
}

static void read_setvar(const struct description *d, struct pd *pd, const struct xml_element *e)
{
    ALLOW(e, "symbol", "region_paddr");
    const char *name = need(e, "region_paddr");
    struct setvar setvar = {
        .place = e->place,
        .symbol = need(e, "symbol"),
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
    pd->program = need(e, "path");
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

static void read_pd(struct description *d, const struct xml_element *e, size_t parent)
{
    bool is_child = parent != NO_PD;
    size_t index = d->pd_count;
    uint64_t budget = number(e, "budget", DEFAULT_BUDGET);
    struct pd pd = {
        .name = need(e, "name"),
        .place = e->place,
        .priority = number(e, "priority", 0),
        .budget = budget,
        .period = number(e, "period", budget),
        .stack_size = number(e, "stack_size", MIN_STACK),
        .passive = truth(e, "passive", false),
        .parent = parent,
        .child = is_child ? (unsigned)needed_up_to(e, "id", MAX_ID) : 0,
    };

    if (is_child) {
        ALLOW(e, "name", "priority", "budget", "period", "passive", "stack_size", "smc", "id");
    } else {
        ALLOW(e, "name", "priority", "budget", "period", "passive", "stack_size", "smc");
    }
    check_pd_numbers(&pd, e);
    if (truth(e, "smc", false)) {
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
    const char *name = need(e, "pd");

    *end = (struct channel_end){
        .place = e->place,
        .pd = find_pd(d, name),
        .id = (unsigned)needed_up_to(e, "id", MAX_ID),
        .notify = truth(e, "notify", true),
        .calls = truth(e, "pp", false),
    };
    if (end->pd == d->pd_count && name[0] != '\0') {
        diag_error(e->place, "there is no protection domain '%s'", name);
    }
}

static void read_channel(struct description *d, const struct xml_element *e)
{
    struct channel channel = {.place = e->place};
    size_t ends = 0;

    allow(e, NULL, 0);
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
