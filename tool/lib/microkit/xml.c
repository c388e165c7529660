/* SPDX-License-Identifier: BSD-2-Clause */
#include "xml.h"

#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <expat.h>
#include <string.h>

struct reading {
    XML_Parser parser;
    const char *path;
    struct xml_element *root;
    struct xml_element *open;
};

static struct place here(const struct reading *r)
{
    return (struct place){
        .file = r->path,
        .line = (unsigned)XML_GetCurrentLineNumber(r->parser),
        .column = (unsigned)XML_GetCurrentColumnNumber(r->parser) + 1,
    };
}

static void set_attributes(struct xml_element *element, const char **pairs)
{
    size_t n = 0;

    while (pairs[2 * n] != NULL) {
        n++;
    }
    element->attributes = text_alloc(n, sizeof *element->attributes);
    element->attribute_count = n;
    for (size_t i = 0; i < n; i++) {
        element->attributes[i].name = text_format("%s", pairs[2 * i]);
        element->attributes[i].value = text_format("%s", pairs[2 * i + 1]);
    }
}

static void add_child(struct xml_element *parent, struct xml_element *child)
{
    parent->children =
        text_grow(parent->children, parent->child_count + 1, sizeof *parent->children);
    parent->children[parent->child_count++] = child;
    child->parent = parent;
}

static void start_element(void *context, const char *name, const char **pairs)
{
    struct reading *r = context;
    struct xml_element *element = text_alloc(1, sizeof *element);

    element->name = text_format("%s", name);
    element->place = here(r);
    set_attributes(element, pairs);
    if (r->open == NULL) {
        r->root = element;
    } else {
        add_child(r->open, element);
    }
    r->open = element;
}

static void end_element(void *context, const char *name)
{
    struct reading *r = context;

    (void)name;
    r->open = r->open->parent;
}

static void text(void *context, const char *bytes, int length)
{
    struct reading *r = context;

    for (int i = 0; i < length; i++) {
        if (!isspace((unsigned char)bytes[i])) {
            diag_error(here(r), "unexpected text in element '%s'", r->open->name);
            return;
        }
    }
}

struct xml_element *xml_read(const char *path)
{
    struct reading r = {.path = path, .parser = XML_ParserCreate(NULL)};
    size_t size;
    char *bytes = text_file(path, &size);

    if (bytes == NULL) {
        diag_error((struct place){.file = path}, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    if (r.parser == NULL) {
        diag_fatal("out of memory");
    }
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, start_element, end_element);
    XML_SetCharacterDataHandler(r.parser, text);
    if (XML_Parse(r.parser, bytes, (int)size, XML_TRUE) != XML_STATUS_OK) {
        diag_error(here(&r), "not well-formed XML: %s",
                   XML_ErrorString(XML_GetErrorCode(r.parser)));
        r.root = NULL;
    }
    XML_ParserFree(r.parser);
    return diag_errors() == 0 ? r.root : NULL;
}

const char *xml_attribute(const struct xml_element *element, const char *name)
{
    for (size_t i = 0; i < element->attribute_count; i++) {
        if (strcmp(element->attributes[i].name, name) == 0) {
            return element->attributes[i].value;
        }
    }
    return NULL;
}
