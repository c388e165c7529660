/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A YAML file as a tree in which everything knows its place.
 */
#ifndef TOOL_YAML_TREE_H
#define TOOL_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/diag.h"

enum value_kind { VALUE_NOTHING, VALUE_TEXT, VALUE_MAP, VALUE_LIST };

struct value {
    enum value_kind kind;
    struct place at;
    const char *text;      /* VALUE_TEXT */
    struct entry *entries; /* VALUE_MAP, in the order of the file */
    size_t count;
};

struct entry {
    const char *key;
    struct place at; /* of the key */
    const struct value *value;
};

/**
 * Read a file of one document.
 *
 * @return its value, or NULL after an error was told: it cannot be read, is not
 *         YAML, is empty, or a mapping has a key twice or one that is not text
 */
const struct value *yaml_read(const char *path);

/** @return the entry of a mapping, or NULL */
const struct entry *yaml_find(const struct value *map, const char *key);

/** What a value is, for messages: "a mapping". */
const char *yaml_kind(const struct value *value);

#endif
