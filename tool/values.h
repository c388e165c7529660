/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single values of the description, read and judged. Each function tells an error
 * and returns false if the value is not what it must be; `who` and `key` say in the
 * message whose value it is and which.
 */
#ifndef TOOL_VALUES_H
#define TOOL_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "description.h"
#include "yaml_tree.h"

#define PAGE_SIZE 4096U

bool value_text(const struct value *value, const char *who, const char *key, const char **text);

bool value_number(const struct value *value, const char *who, const char *key, uint64_t least,
                  uint64_t most, uint64_t *number);

/** Bytes, with K or M for KiB and MiB; whole pages. */
bool value_size(const struct value *value, const char *who, const char *key, uint64_t least,
                uint64_t most, uint64_t *size);

bool value_choice(const struct value *value, const char *who, const char *key,
                  const char *const *choices, size_t count, uint64_t *chosen);

/** A unicast MAC address. */
bool value_mac(const struct value *value, const char *who, uint8_t mac[6]);

/** Whether a text can be the name of a device or client. */
bool value_is_name(const char *text);

/**
 * The hint below an unknown name: "did you mean 'x'?" if one of the names is near,
 * else "LABEL: a, b, c".
 */
void value_suggest(const char *given, const char *const *names, size_t count, const char *label);

/** Whether the text is one of `names`. */
bool value_among(const char *text, const char *const *names, size_t count);

/** Whether it is a mapping; told as an error if not, naming it `what`. */
bool value_is_map(const struct value *value, const char *what);

/** Tell an error for each key that is not one of `known`. `who` ends with ": " or is empty. */
void value_refuse_unknown_keys(const struct value *map, const char *who, const char *const *known,
                               size_t count);

/** The text of a key that must be there; `at` is where it is missed otherwise. */
struct said value_said(const struct value *map, struct place at, const char *who, const char *key);

#endif
