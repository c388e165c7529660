/* SPDX-License-Identifier: BSD-2-Clause */
#include "nodes.h"

#include <string.h>

#include "lib/text.h"
#include "values.h"

#define SUGGESTIONS 3

static const struct device *user_of(const struct description *d, const char *path)
{
    for (size_t i = 0; i < d->device_count; i++) {
        const char *used = d->devices[i].node_path.text;
        if (used != NULL && strcmp(used, path) == 0) {
            return &d->devices[i];
        }
    }
    return NULL;
}

static uint64_t first_page(const struct tree_node *node)
{
    return node->registers.count == 0 ? 0 : node->registers.items[0].address / PAGE_SIZE;
}

static bool page_is_used(const struct description *d, const struct tree_node *node)
{
    for (size_t i = 0; i < d->device_count; i++) {
        const struct tree_node *used = d->devices[i].node;
        if (used != NULL && used->registers.count > 0 && first_page(used) == first_page(node)) {
            return true;
        }
    }
    return false;
}

void nodes_suggest(const struct description *d, const struct tree *tree,
                   const struct tree_node *like, bool elsewhere, const char *label)
{
    const char *list = "";
    size_t count = 0;

    LIST_EACH(const struct tree_node, node, tree->nodes)
    {
        if (!tree_same_kind(node, like) || node->disabled || user_of(d, node->path) != NULL ||
            (elsewhere && page_is_used(d, node))) {
            continue;
        }
        if (count < SUGGESTIONS) {
            list = text_format("%s%s%s", list, count == 0 ? "" : ", ", node->path);
        }
        count++;
    }
    if (count > SUGGESTIONS) {
        diag_hint("%s: %s and %zu more", label, list, count - SUGGESTIONS);
    } else {
        diag_hint("%s: %s", label, count == 0 ? "none" : list);
    }
}

/* Whether some driver of the device's class fits. */
static bool has_driver(const struct tree_node *node, const struct device *device,
                       const struct world *world)
{
    LIST_EACH(const char *, compatible, node->compatible)
    {
        LIST_EACH(const struct driver, driver, world->library->drivers)
        {
            if (driver_fits(driver, device->class->name, *compatible)) {
                return true;
            }
        }
    }
    return false;
}

/* How well a node could be meant: what is to be tried first. */
enum wish { FREE_AND_FITTING, FITTING, ANY };

static const char *nearest_node(const struct description *d, const struct device *device,
                                const struct world *world, enum wish wish)
{
    const char **names = text_alloc(world->tree->nodes.count, sizeof *names);
    size_t count = 0;

    LIST_EACH(const struct tree_node, node, world->tree->nodes)
    {
        bool fits = wish == ANY || has_driver(node, device, world);
        if (fits && (wish != FREE_AND_FITTING || user_of(d, node->path) == NULL)) {
            names[count++] = node->path;
        }
    }
    return diag_nearest(device->node_path.text, names, count);
}

static const struct tree_node *fitting_node(const struct device *device, const struct world *world)
{
    LIST_EACH(const struct tree_node, node, world->tree->nodes)
    {
        if (has_driver(node, device, world)) {
            return node;
        }
    }
    return NULL;
}

static void suggest_node(const struct description *d, const struct device *device,
                         const struct world *world)
{
    const char *nearest = NULL;
    const struct tree_node *fitting = fitting_node(device, world);

    for (enum wish wish = FREE_AND_FITTING; nearest == NULL && wish <= ANY; wish++) {
        nearest = nearest_node(d, device, world, wish);
    }
    const struct device *user = nearest == NULL ? NULL : user_of(d, nearest);
    if (user != NULL) {
        diag_hint("did you mean %s? it is used by '%s' (line %u)", nearest, user->name.text,
                  user->name.at.line);
    } else if (nearest != NULL) {
        diag_hint("did you mean %s?", nearest);
    } else if (fitting != NULL) {
        nodes_suggest(d, world->tree, fitting, false,
                      text_format("free nodes with a %s driver", device->class->name));
    }
}

void nodes_resolve(const struct description *d, struct device *device, const struct world *world)
{
    const char *path = device->node_path.text;
    const char *name = device->name.text;
    const struct tree_node *node = tree_find(world->tree, path);

    if (node == NULL) {
        diag_error(device->node_path.at, "%s: %s is not in %s", name, path,
                   d->board.text == NULL ? world->tree->path : d->board.text);
        suggest_node(d, device, world);
        return;
    }
    const struct device *user = user_of(d, path);
    if (user != device) {
        diag_error(device->node_path.at, "%s: %s is used by '%s' already (line %u)", name, path,
                   user->name.text, user->name.at.line);
        nodes_suggest(d, world->tree, node, false, "free nodes of the same kind");
    } else if (node->disabled) {
        diag_error(device->node_path.at, "%s: %s is disabled in the device tree", name, path);
    } else if (node->problem != NULL) {
        diag_error(device->node_path.at, "%s: %s cannot be used: %s", name, path, node->problem);
    } else {
        device->node = node;
    }
}
