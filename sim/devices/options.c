/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool sim_option(const char *options, const char *key, char *value, size_t size)
{
    size_t length = strlen(key);

    while (*options != '\0') {
        size_t end = strcspn(options, ",");
        if (end > length && strncmp(options, key, length) == 0 && options[length] == '=') {
            snprintf(value, size, "%.*s", (int)(end - length - 1), options + length + 1);
            return true;
        }
        options += end + (options[end] == ',');
    }
    return false;
}

uint64_t option_number(struct sim_device *device, const char *options, const char *key,
                       uint64_t otherwise)
{
    char text[32], *end;

    if (!sim_option(options, key, text, sizeof text)) {
        return otherwise;
    }
    uint64_t value = strtoull(text, &end, 0);

    if (text[0] < '0' || text[0] > '9' || *end != '\0') {
        sim_refuse(device, "%s=%s: it must be a number", key, text);
    }
    return value;
}

bool option_flag(const char *options, const char *key)
{
    char text[8];

    return sim_option(options, key, text, sizeof text) && strcmp(text, "no") != 0;
}

static uint32_t bit_of(const char *const *words, const char *word)
{
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            return 1U << i;
        }
    }
    return 0;
}

uint32_t option_words(struct sim_device *device, const char *options, const char *key,
                      const char *const *words, uint32_t all)
{
    char text[256] = "";
    uint32_t set = 0;

    (void)sim_option(options, key, text, sizeof text);
    for (char *word = strtok(text, "+"); word != NULL; word = strtok(NULL, "+")) {
        uint32_t found = strcmp(word, "all") == 0 ? all : bit_of(words, word);

        if (found == 0) {
            sim_refuse(device, "%s=%s: there is no such thing", key, word);
        }
        set |= found;
    }
    return set;
}
