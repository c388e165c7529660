/* SPDX-License-Identifier: BSD-2-Clause */
/* A set's results as text: a column for each case, a row for each part. */
#include "table.h"

#include <stdbool.h>
#include <string.h>

#define COLUMNS 7U /* cases side by side */
#define WIDTH   16

static void row(FILE *file, const char *title, const char *group, const char *part,
                json_t *const *cases, unsigned columns)
{
    bool any = false;
    char cells[COLUMNS * (WIDTH + 8) + 1] = "";
    size_t length = 0;

    for (unsigned i = 0; i < columns; i++) {
        json_t *value = json_object_get(json_object_get(cases[i], group), part);
        double number = json_real_value(value);

        any = any || number >= 0.005;
        if (value == NULL) {
            length += (size_t)snprintf(cells + length, sizeof cells - length, "%*s", WIDTH, "-");
        } else {
            length += (size_t)snprintf(cells + length, sizeof cells - length,
                                       number < 100 ? "%*.2f" : "%*.0f", WIDTH, number);
        }
    }
    if (any) {
        fprintf(file, "    %-26s%s\n", title, cells);
    }
}

/* All names that any case has in a group, in the order in which they appear. */
static json_t *names_of(const char *group, json_t *const *cases, unsigned columns)
{
    json_t *names = json_object(), *value;
    const char *name;

    for (unsigned i = 0; i < columns; i++) {
        json_object_foreach(json_object_get(cases[i], group), name, value)
        {
            json_object_set(names, name, value);
        }
    }
    return names;
}

/* "read 4 KiB, depth 32" goes over two lines. */
static void print_heads(FILE *file, const char *const *heads, unsigned columns)
{
    const char *rest[COLUMNS];
    bool more = true;

    memcpy(rest, heads, columns * sizeof heads[0]);
    while (more) {
        more = false;
        fprintf(file, "    %-26s", "");
        for (unsigned i = 0; i < columns; i++) {
            const char *end = strstr(rest[i], ", ");
            int length = (int)(end == NULL ? strlen(rest[i]) : (size_t)(end - rest[i]));

            fprintf(file, "%*.*s", WIDTH, length, rest[i]);
            rest[i] = end == NULL ? "" : end + 2;
            more = more || end != NULL;
        }
        fputc('\n', file);
    }
}

static void part_of_table(FILE *file, const char *const *heads, json_t *const *cases,
                          unsigned columns)
{
    static const char *const groups[] = {"median", "events", "noted"};
    const char *name;
    json_t *value;

    print_heads(file, heads, columns);
    for (unsigned g = 0; g < 3; g++) {
        json_t *names = names_of(groups[g], cases, columns);

        json_object_foreach(names, name, value)
        {
            row(file, name, groups[g], name, cases, columns);
        }
        json_decref(names);
    }
    fputc('\n', file);
}

void table_print(json_t *set, FILE *file)
{
    const char *heads[COLUMNS], *name;
    json_t *cases[COLUMNS], *one;
    unsigned columns = 0;

    json_object_foreach(set, name, one)
    {
        heads[columns] = name;
        cases[columns++] = one;
        if (columns == COLUMNS) {
            part_of_table(file, heads, cases, columns);
            columns = 0;
        }
    }
    if (columns > 0) {
        part_of_table(file, heads, cases, columns);
    }
}
