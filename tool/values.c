/* SPDX-License-Identifier: BSD-2-Clause */
#include "values.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "description.h"
#include "lib/text.h"

#define KIB 1024U
#define MIB (1024U * KIB)

void value_suggest(const char *given, const char *const *names, size_t count, const char *label)
{
    const char *nearest = diag_nearest(given, names, count);
    char *all = text_format("%s", "");

    if (nearest != NULL) {
        diag_hint("did you mean '%s'?", nearest);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        all = text_format("%s%s%s", all, i == 0 ? "" : ", ", names[i]);
    }
    diag_hint("%s: %s", label, count == 0 ? "none" : all);
}

bool value_text(const struct value *value, const char *who, const char *key, const char **text)
{
    if (value->kind != VALUE_TEXT || value->text[0] == '\0') {
        diag_error(value->at, "%s: %s must be a text, not %s", who, key,
                   value->kind == VALUE_TEXT ? "empty" : yaml_kind(value));
        return false;
    }
    *text = value->text;
    return true;
}

/* Decimal digits and nothing else; `end` is what follows them. */
static bool parse_digits(const char *text, uint64_t *number, const char **end)
{
    *number = 0;
    for (*end = text; isdigit((unsigned char)**end); ++*end) {
        if (*number > UINT32_MAX) {
            return false;
        }
        *number = *number * 10 + (uint64_t)(**end - '0');
    }
    return *end != text;
}

bool value_number(const struct value *value, const char *who, const char *key, uint64_t least,
                  uint64_t most, uint64_t *number)
{
    const char *text, *end;

    if (!value_text(value, who, key, &text)) {
        return false;
    }
    if (!parse_digits(text, number, &end) || *end != '\0' || *number < least || *number > most) {
        diag_error(value->at, "%s: %s must be a number from %" PRIu64 " to %" PRIu64 ", not '%s'",
                   who, key, least, most, text);
        return false;
    }
    return true;
}

static const char *size_text(uint64_t size)
{
    return size % MIB == 0 ? text_format("%" PRIu64 "M", size / MIB)
                           : text_format("%" PRIu64 "K", size / KIB);
}

bool value_size(const struct value *value, const char *who, const char *key, uint64_t least,
                uint64_t most, uint64_t *size)
{
    const char *text, *end;

    if (!value_text(value, who, key, &text)) {
        return false;
    }
    bool sound = parse_digits(text, size, &end);
    uint64_t unit = *end == 'K' ? KIB : *end == 'M' ? MIB : 1;
    sound = sound && strlen(end) == (unit != 1);
    *size *= unit;
    if (!sound || *size < least || *size > most) {
        diag_error(value->at, "%s: %s must be a size from %s to %s, not '%s'", who, key,
                   size_text(least), size_text(most), text);
        return false;
    }
    if (*size % PAGE_SIZE != 0) {
        diag_error(value->at, "%s: %s must be whole pages of 4K, not '%s'", who, key, text);
        diag_hint("the next multiple is %s", size_text(text_round_up(*size, PAGE_SIZE)));
        return false;
    }
    return true;
}

bool value_choice(const struct value *value, const char *who, const char *key,
                  const char *const *choices, size_t count, uint64_t *chosen)
{
    const char *text;

    if (!value_text(value, who, key, &text)) {
        return false;
    }
    for (*chosen = 0; *chosen < count; ++*chosen) {
        if (strcmp(text, choices[*chosen]) == 0) {
            return true;
        }
    }
    diag_error(value->at, "%s: %s cannot be '%s'", who, key, text);
    value_suggest(text, choices, count, "choices");
    return false;
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
    for (int i = 0; i < 6; i++) {
        if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
            text[2] != (i == 5 ? '\0' : ':')) {
            return false;
        }
        char byte[] = {text[0], text[1], '\0'};
        mac[i] = (uint8_t)strtoul(byte, NULL, 16);
        text += 3;
    }
    return true;
}

bool value_mac(const struct value *value, const char *who, uint8_t mac[6])
{
    static const uint8_t zero[6];
    const char *text;

    if (!value_text(value, who, "mac", &text)) {
        return false;
    }
    if (!parse_mac(text, mac)) {
        diag_error(value->at, "%s: '%s' is not a MAC address", who, text);
        diag_hint("six bytes in hexadecimal, such as 52:54:00:00:00:10");
        return false;
    }
    if ((mac[0] & 1U) != 0) {
        diag_error(value->at, "%s: %s is a multicast address, which cannot be a client's own", who,
                   text);
        diag_hint("the first byte must be even, such as 52:54:00:00:00:10");
        return false;
    }
    if (memcmp(mac, zero, sizeof zero) == 0) {
        diag_error(value->at, "%s: %s is nobody's address", who, text);
        return false;
    }
    return true;
}

bool value_is_name(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return islower((unsigned char)text[0]) && text[length] == '\0' && length <= NAME_MAX_LENGTH;
}

/* ---- Mappings ---- */

bool value_among(const char *text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool value_is_map(const struct value *value, const char *what)
{
    if (value->kind != VALUE_MAP) {
        diag_error(value->at, "%s must be a mapping, not %s", what, yaml_kind(value));
    }
    return value->kind == VALUE_MAP;
}

void value_refuse_unknown_keys(const struct value *map, const char *who, const char *const *known,
                               size_t count)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct entry *entry = &map->entries[i];
        if (!value_among(entry->key, known, count)) {
            diag_error(entry->at, "%sunknown key '%s'", who, entry->key);
            value_suggest(entry->key, known, count, "known keys");
        }
    }
}

struct said value_said(const struct value *map, struct place at, const char *who, const char *key)
{
    const struct entry *entry = yaml_find(map, key);
    struct said said = {NULL, at};

    if (entry == NULL) {
        diag_error(at, "%s: '%s' is missing", who, key);
        return said;
    }
    said.at = entry->value->at;
    value_text(entry->value, who, key, &said.text);
    return said;
}
