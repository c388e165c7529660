/* SPDX-License-Identifier: BSD-2-Clause */
#include "attributes.h"

#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void attributes_allow(const struct xml_element *e, const char *const *names, size_t count)
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

void attributes_invalid_element(const struct xml_element *e, const char *const *names, size_t count)
{
    diag_error(e->place, "invalid element '%s' in '%s'", e->name, e->parent->name);
    const char *meant = diag_nearest(e->name, names, count);
    if (meant != NULL) {
        diag_hint("did you mean '%s'?", meant);
    }
}

const char *attributes_need(const struct xml_element *e, const char *name)
{
    const char *value = xml_attribute(e, name);

    if (value == NULL) {
        diag_error(e->place, "element '%s' needs the attribute '%s'", e->name, name);
        return "";
    }
    if (value[0] == '\0') {
        diag_error(e->place, "attribute '%s' on element '%s' is empty", name, e->name);
    }
    return value;
}

/* Nothing but digits, before which there may be a plus: as the official tool reads them. */
static bool parse_digits(const char *text, bool is_hex, uint64_t *number)
{
    const char *first = text[0] == '+' ? text + 1 : text;
    size_t known = strspn(first, is_hex ? "0123456789abcdefABCDEF" : "0123456789");

    errno = 0;
    *number = strtoull(first, NULL, is_hex ? 16 : 10);
    return *first != '\0' && first[known] == '\0' && errno == 0;
}

/* Digits, decimal or after 0x hexadecimal; underscores between them mean nothing. */
static bool parse_number(const char *text, uint64_t *number)
{
    char *digits = text_format("%s", text);
    char *to = digits;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '_') {
            *to++ = *from;
        }
    }
    *to = '\0';
    bool is_hex = strncmp(digits, "0x", 2) == 0;
    bool right = parse_digits(is_hex ? digits + 2 : digits, is_hex, number);
    free(digits);
    return right;
}

uint64_t attributes_number(const struct xml_element *e, const char *name, uint64_t otherwise)
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

uint64_t attributes_need_number(const struct xml_element *e, const char *name)
{
    return *attributes_need(e, name) == '\0' ? 0 : attributes_number(e, name, 0);
}

/* The official tool takes these in decimal only. */
uint64_t attributes_need_decimal(const struct xml_element *e, const char *name, uint64_t max)
{
    const char *text = attributes_need(e, name);
    uint64_t value = 0;

    if (text[0] == '\0') {
        return 0;
    }
    if (!parse_digits(text, false, &value) || value > max) {
        diag_error(e->place, "%s '%s' on element '%s' is not a number from 0 to %lu", name, text,
                   e->name, max);
        return 0;
    }
    return value;
}

bool attributes_truth(const struct xml_element *e, const char *name, bool otherwise)
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
