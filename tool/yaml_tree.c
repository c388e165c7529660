/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libyaml's document, with aliases resolved, becomes one struct value per node.
 * Nodes refer to each other as in the document, so an alias that contains itself
 * costs nothing: nobody descends further than the description has levels.
 */
#include "yaml_tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "lib/text.h"

static struct place place_of(const char *path, yaml_mark_t mark)
{
    return (struct place){path, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static bool is_nothing(const yaml_node_t *node)
{
    const char *text = (const char *)node->data.scalar.value;

    return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static void take_scalar(struct value *value, const yaml_node_t *node)
{
    size_t length = node->data.scalar.length;

    value->kind = is_nothing(node) ? VALUE_NOTHING : VALUE_TEXT;
    value->text = text_copy((const char *)node->data.scalar.value, length);
    if (strlen(value->text) != length) {
        diag_error(value->at, "a text with a NUL character");
    }
}

static void take_map(struct value *value, yaml_document_t *document, struct value *values)
{
    const yaml_node_t *node = yaml_document_get_node(document, (int)(value - values) + 1);
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;

    value->kind = VALUE_MAP;
    value->entries =
        text_alloc((size_t)(node->data.mapping.pairs.top - pair), sizeof(struct entry));
    for (; pair < node->data.mapping.pairs.top; pair++) {
        const struct value *key = &values[pair->key - 1];
        if (yaml_document_get_node(document, pair->key)->type != YAML_SCALAR_NODE) {
            diag_error(key->at, "a key must be a name");
            continue;
        }
        const struct entry *earlier = yaml_find(value, key->text);
        if (earlier != NULL) {
            diag_error(key->at, "'%s' is there twice (first in line %u)", key->text,
                       earlier->at.line);
            continue;
        }
        value->entries[value->count++] =
            (struct entry){key->text, key->at, &values[pair->value - 1]};
    }
}

static const struct value *convert(yaml_document_t *document, const char *path)
{
    size_t count = (size_t)(document->nodes.top - document->nodes.start);
    struct value *values = text_alloc(count, sizeof *values);

    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *node = &document->nodes.start[i];
        values[i].at = place_of(path, node->start_mark);
        values[i].kind = VALUE_LIST;
        if (node->type == YAML_SCALAR_NODE) {
            take_scalar(&values[i], node);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (document->nodes.start[i].type == YAML_MAPPING_NODE) {
            take_map(&values[i], document, values);
        }
    }
    return diag_errors() == 0 ? values : NULL;
}

static void tell_problem(const yaml_parser_t *parser, const char *path)
{
    struct place at = place_of(path, parser->problem_mark);

    if (parser->error == YAML_MEMORY_ERROR) {
        diag_fatal("out of memory");
    }
    if (parser->error == YAML_READER_ERROR) {
        diag_error((struct place){path, 0, 0}, "not a text file: %s (at byte %zu)", parser->problem,
                   parser->problem_offset);
        return;
    }
    diag_error(at, "not YAML: %s", parser->problem);
    if (parser->context != NULL) {
        diag_hint("%s that began in line %zu", parser->context, parser->context_mark.line + 1);
    }
}

/* Whether nothing comes after the document that was loaded. */
static bool ends_here(yaml_parser_t *parser, const char *path)
{
    yaml_document_t next;

    if (!yaml_parser_load(parser, &next)) {
        tell_problem(parser, path);
        return false;
    }
    const yaml_node_t *root = yaml_document_get_root_node(&next);
    if (root != NULL) {
        diag_error(place_of(path, root->start_mark),
                   "a second document: a file describes one system");
    }
    yaml_document_delete(&next);
    return root == NULL;
}

static const struct value *load(yaml_parser_t *parser, const char *path)
{
    yaml_document_t document;
    const struct value *value = NULL;

    if (!yaml_parser_load(parser, &document)) {
        tell_problem(parser, path);
        return NULL;
    }
    if (yaml_document_get_root_node(&document) == NULL) {
        diag_error((struct place){path, 0, 0}, "the file is empty");
    } else if (ends_here(parser, path)) {
        value = convert(&document, path);
    }
    yaml_document_delete(&document);
    return value;
}

const struct value *yaml_read(const char *path)
{
    yaml_parser_t parser;
    size_t size;
    char *text = text_file(path, &size);

    if (text == NULL) {
        diag_error((struct place){path, 0, 0}, "%s", strerror(errno));
        return NULL;
    }
    if (!yaml_parser_initialize(&parser)) {
        diag_fatal("out of memory");
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    const struct value *value = load(&parser, path);
    yaml_parser_delete(&parser);
    return value;
}

const struct entry *yaml_find(const struct value *map, const char *key)
{
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->entries[i].key, key) == 0) {
            return &map->entries[i];
        }
    }
    return NULL;
}

const char *yaml_kind(const struct value *value)
{
    static const char *const names[] = {"nothing", "a text", "a mapping", "a list"};

    return names[value->kind];
}
