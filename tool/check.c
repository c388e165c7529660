/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include <string.h>

#include "compose.h"
#include "gpt.h"
#include "lib/text.h"
#include "nodes.h"
#include "values.h"

/* ---- Names and number of protection domains ---- */

struct name {
    const char *text;
    struct place at;
    const char *owner;
};

struct names {
    LIST(struct name) all;
};

static void add_name(struct names *names, const char *text, struct place at, const char *owner)
{
    LIST_EACH(const struct name, other, names->all)
    {
        if (strcmp(other->text, text) == 0) {
            diag_error(at, "%s: a protection domain '%s' is there already, for '%s' (line %u)",
                       owner, text, other->owner, other->at.line);
            return;
        }
    }
    if (strlen(text) >= QUOLL_NAME_SIZE) {
        diag_error(at, "%s: its protection domain '%s' would have a name of %zu characters", owner,
                   text, strlen(text));
        diag_hint("at most %u: choose shorter names", QUOLL_NAME_SIZE - 1);
    }
    LIST_ADD(&names->all, (struct name){text, at, owner});
}

static void add_part_names(struct names *names, const struct device *device,
                           const struct client *client, struct place at, const char *owner)
{
    for (size_t i = 0; device->class != NULL && i < class_parts(device->class); i++) {
        const struct class_part *part = &device->class->parts[i];
        if (part->per_client == (client != NULL)) {
            add_name(names, compose_part_name(device, part, client), at, owner);
        }
    }
}

static void check_names(const struct description *d)
{
    struct names names = {0};

    for (size_t i = 0; i < d->device_count; i++) {
        const struct device *device = &d->devices[i];
        add_part_names(&names, device, NULL, device->name.at, device->name.text);
    }
    for (size_t i = 0; i < d->client_count; i++) {
        const struct client *client = &d->clients[i];
        add_name(&names, client->name.text, client->name.at, client->name.text);
        for (size_t j = 0; j < client->use_count; j++) {
            add_part_names(&names, client->uses[j].device, client, client->uses[j].at,
                           client->name.text);
        }
    }
}

static void check_count(const struct description *d)
{
    for (size_t i = 0; i < d->device_count; i++) {
        if (d->devices[i].class == NULL) {
            return;
        }
    }
    size_t count = compose_count_pds(d);
    if (count > QUOLL_MAX_PDS) {
        diag_error((struct place){d->path, 0, 0},
                   "the system needs %zu protection domains; the Microkit has at most %u", count,
                   QUOLL_MAX_PDS);
    }
}

/* ---- Clients against each other ---- */

struct claim {
    const struct client *client;
    const struct use *use;
    const struct setting *setting;
};

struct claims {
    LIST(struct claim) all;
};

/* All settings of one type that were said. */
static struct claims collect(const struct description *d, enum key_type type)
{
    struct claims claims = {0};

    for (size_t i = 0; i < d->client_count; i++) {
        for (size_t j = 0; j < d->clients[i].use_count; j++) {
            const struct use *use = &d->clients[i].uses[j];
            for (size_t k = 0; use->device->class != NULL && k < class_keys(use->device->class);
                 k++) {
                if (use->device->class->keys[k].type == type && use->settings[k].at.line != 0) {
                    LIST_ADD(&claims.all, (struct claim){&d->clients[i], use, &use->settings[k]});
                }
            }
        }
    }
    return claims;
}

static void check_macs(const struct description *d)
{
    static const uint8_t none[6];
    struct claims claims = collect(d, KEY_MAC);

    for (size_t i = 0; i < claims.all.count; i++) {
        const struct claim *mine = &claims.all.items[i];
        for (size_t j = 0; j < i; j++) {
            const struct claim *other = &claims.all.items[j];
            if (memcmp(mine->setting->mac, other->setting->mac, 6) == 0 &&
                memcmp(mine->setting->mac, none, 6) != 0) {
                diag_error(mine->setting->at, "%s: %s is the address of '%s' already (line %u)",
                           mine->client->name.text, mine->setting->text, other->client->name.text,
                           other->setting->at.line);
                break;
            }
        }
    }
}

static bool writes(const struct use *use)
{
    for (size_t i = 0; i < class_keys(use->device->class); i++) {
        if (use->device->class->keys[i].writes) {
            return use->settings[i].number != 0;
        }
    }
    return false;
}

static void check_writers(const struct claims *claims)
{
    for (size_t i = 0; i < claims->all.count; i++) {
        const struct claim *mine = &claims->all.items[i];
        for (size_t j = 0; j < i; j++) {
            const struct claim *other = &claims->all.items[j];
            if (mine->use->device == other->use->device && mine->setting->text != NULL &&
                other->setting->text != NULL && writes(mine->use) && writes(other->use) &&
                strcmp(mine->setting->text, other->setting->text) == 0) {
                diag_error(mine->setting->at,
                           "%s: partition '%s' of %s is written by '%s' already (line %u)",
                           mine->client->name.text, mine->setting->text,
                           mine->use->device->name.text, other->client->name.text,
                           other->setting->at.line);
                diag_hint("one client may write a partition; others may have 'access: read'");
                break;
            }
        }
    }
}

/* ---- Disk images ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static void check_partition(const struct claim *claim, const struct gpt *gpt)
{
    const char *list = "";
    size_t found = 0;

    LIST_EACH(const struct gpt_partition, p, gpt->partitions)
    {
        found += strcmp(p->name, claim->setting->text) == 0;
        list = text_format("%s%s'%s' (%u)", list, list[0] == '\0' ? "" : ", ", p->name, p->number);
    }
    if (found == 1) {
        return;
    }
    diag_error(claim->setting->at, "%s: %s has %s partition%s '%s'", claim->client->name.text,
               claim->use->device->name.text, found == 0 ? "no" : "more than one",
               found == 0 ? "" : " called", claim->setting->text);
    diag_hint("%s has: %s", base_name(claim->use->device->image),
              gpt->partitions.count == 0 ? "no partitions" : list);
}

static void check_image(const struct device *device, const struct claims *claims)
{
    struct gpt gpt;
    const char *problem = gpt_read(device->image, &gpt);

    if (problem != NULL) {
        diag_error((struct place){device->image, 0, 0}, "%s: %s", device->name.text, problem);
        return;
    }
    LIST_EACH(const struct claim, claim, claims->all)
    {
        if (claim->use->device == device && claim->setting->text != NULL) {
            check_partition(claim, &gpt);
        }
    }
}

/* ---- Devices against each other ---- */

/* The first page in which both have registers that their drivers map; 0: none. */
static uint64_t shared_page(const struct device *a, const struct device *b)
{
    for (size_t i = 0; i < a->driver->about.registers; i++) {
        struct tree_range x = a->node->registers.items[i];
        for (size_t j = 0; j < b->driver->about.registers; j++) {
            struct tree_range y = b->node->registers.items[j];
            uint64_t x_first = x.address / PAGE_SIZE;
            uint64_t y_first = y.address / PAGE_SIZE;
            uint64_t first = x_first > y_first ? x_first : y_first;
            if (first <= (x.address + x.size - 1) / PAGE_SIZE &&
                first <= (y.address + y.size - 1) / PAGE_SIZE) {
                return first * PAGE_SIZE;
            }
        }
    }
    return 0;
}

static void check_page(const struct description *d, const struct tree *tree,
                       const struct device *later, const struct device *earlier)
{
    uint64_t page = shared_page(earlier, later);

    if (page != 0) {
        diag_warning(later->node_path.at,
                     "%s: its registers share the page 0x%llx with those of '%s' (line %u), so "
                     "each driver can reach the other's device",
                     later->name.text, (unsigned long long)page, earlier->name.text,
                     earlier->name.at.line);
        nodes_suggest(d, tree, later->node, true, "nodes in other pages");
    }
}

static void check_interrupts(const struct device *later, const struct device *earlier)
{
    const struct quoll_driver *a = &later->driver->about, *b = &earlier->driver->about;

    for (size_t i = 0; i < a->interrupts; i++) {
        unsigned number = later->node->interrupts.items[a->interrupt[i]].number;
        for (size_t j = 0; j < b->interrupts; j++) {
            if (earlier->node->interrupts.items[b->interrupt[j]].number == number) {
                diag_error(later->node_path.at,
                           "%s: interrupt %u is used by '%s' already (line %u); it can go to one "
                           "driver only",
                           later->name.text, number, earlier->name.text, earlier->name.at.line);
            }
        }
    }
}

static void check_devices(const struct description *d, const struct tree *tree)
{
    for (size_t i = 0; i < d->device_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (d->devices[i].driver != NULL && d->devices[j].driver != NULL) {
                check_page(d, tree, &d->devices[i], &d->devices[j]);
                check_interrupts(&d->devices[i], &d->devices[j]);
            }
        }
    }
}

void check(const struct description *d, const struct tree *tree)
{
    struct claims partitions = collect(d, KEY_PARTITION);

    check_names(d);
    check_count(d);
    check_macs(d);
    check_writers(&partitions);
    check_devices(d, tree);
    for (size_t i = 0; i < d->device_count; i++) {
        if (d->devices[i].image != NULL) {
            check_image(&d->devices[i], &partitions);
        }
    }
}
