/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading an element's attributes. What is wrong is printed and counted, and a value
 * that makes sense is returned, so that reading goes on.
 */
#ifndef MICROKIT_ATTRIBUTES_H
#define MICROKIT_ATTRIBUTES_H

#include "xml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Complain about attributes that are not among `names`. */
void attributes_allow(const struct xml_element *e, const char *const *names, size_t count);

/** Complain about the element, which is not one of `names`. */
void attributes_invalid_element(const struct xml_element *e, const char *const *names,
                                size_t count);

#define NAMES(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define ALLOW(e, ...)    attributes_allow((e), NAMES(__VA_ARGS__), NAMES_COUNT(__VA_ARGS__))
#define NAMES_COUNT(...) (sizeof(NAMES(__VA_ARGS__)) / sizeof(char *))
#define INVALID_ELEMENT(e, ...)                                                                    \
    attributes_invalid_element((e), NAMES(__VA_ARGS__), NAMES_COUNT(__VA_ARGS__))

/** A required attribute: "" if it is missing. */
const char *attributes_need(const struct xml_element *e, const char *name);

/** A number, decimal or after 0x hexadecimal; `otherwise` if it is absent or wrong. */
uint64_t attributes_number(const struct xml_element *e, const char *name, uint64_t otherwise);

/** A required number; 0 if it is missing or wrong. */
uint64_t attributes_need_number(const struct xml_element *e, const char *name);

/** A required number from 0 to `max`; 0 if it is missing or wrong. */
uint64_t attributes_need_decimal(const struct xml_element *e, const char *name, uint64_t max);

/** "true" or "false"; `otherwise` if it is absent. */
bool attributes_truth(const struct xml_element *e, const char *name, bool otherwise);

#endif
