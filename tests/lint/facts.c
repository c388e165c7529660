/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lint.h"

#define BUCKETS 8192U

static struct fact {
    struct fact *next;
    unsigned bits;
    char name[];
} * facts[BUCKETS];

static bool changed;

static uint32_t hash(const char *text)
{
    uint32_t value = 2166136261U; /* FNV-1a */

    for (; *text != '\0'; text++) {
        value = (value ^ (unsigned char)*text) * 16777619U;
    }
    return value;
}

static struct fact *fact_of(const char *name)
{
    struct fact **bucket = &facts[hash(name) % BUCKETS], *f = *bucket;

    while (f != NULL && strcmp(f->name, name) != 0) {
        f = f->next;
    }
    if (f == NULL) {
        f = calloc(1, sizeof *f + strlen(name) + 1);
        if (f == NULL) {
            abort();
        }
        strcpy(f->name, name);
        f->next = *bucket;
        *bucket = f;
    }
    return f;
}

const char *facts_name(const char *text)
{
    return fact_of(text)->name;
}

unsigned facts_of(const char *name)
{
    return fact_of(name)->bits;
}

void facts_add(const char *name, unsigned bits)
{
    struct fact *f = fact_of(name);

    if (name[0] != '\0' && (bits & ~f->bits) != 0) {
        f->bits |= bits;
        changed = true;
    }
}

bool facts_changed(void)
{
    bool was = changed;

    changed = false;
    return was;
}
