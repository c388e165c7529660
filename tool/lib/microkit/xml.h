/* SPDX-License-Identifier: BSD-2-Clause */
/* An XML file as a tree of elements that know where they stand. */
#ifndef MICROKIT_XML_H
#define MICROKIT_XML_H

#include "diag.h"

#include <stddef.h>

struct xml_attribute {
    char *name;
    char *value;
};

struct xml_element {
    char *name;
    struct place place;
    struct xml_attribute *attributes;
    size_t attribute_count;
    struct xml_element **children;
    size_t child_count;
    struct xml_element *parent;
};

/**
 * Read a file. Text between elements is an error.
 *
 * @return the root element; NULL after an error was printed
 */
struct xml_element *xml_read(const char *path);

/** @return the attribute's value; NULL if the element has none of that name */
const char *xml_attribute(const struct xml_element *element, const char *name);

#endif
