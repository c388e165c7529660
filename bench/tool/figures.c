/* SPDX-License-Identifier: BSD-2-Clause */
#include "figures.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define WORTH_SAYING 0.5 /* instructions: less is somebody's timer that happened to expire */

static json_t *all;

static json_t *member(json_t *object, const char *name)
{
    json_t *found = json_object_get(object, name);

    if (found == NULL) {
        found = json_object();
        json_object_set_new(object, name, found);
    }
    return found;
}

static json_t *case_of(const char *set, const char *name)
{
    return member(member(member(all, settings.kind), set), name);
}

static void put(json_t *object, const char *name, double value)
{
    double shown = (double)(int64_t)(value * 100 + 0.5) / 100;

    json_object_set_new(object, name, json_real(shown));
}

void figures_count(const char *set, const char *name, const char *part, double value)
{
    json_t *one = case_of(set, name);

    put(member(one, "median"), part, value);
    put(member(one, "least"), part, value);
}

void figures_note(const char *set, const char *name, const char *part, double value)
{
    put(member(case_of(set, name), "noted"), part, value);
}

/* ---- A case's runs ---- */

void runs_add(struct runs *runs, const struct tally *tally, double units)
{
    if (runs->number == FIGURES_RUNS) {
        die("more than %u runs", FIGURES_RUNS);
    }
    runs->run[runs->number].tally = *tally;
    runs->run[runs->number].units = units;
    runs->number += 1;
}

/* A copier has its client's name but is the framework's. */
static bool is_client_of(const char *name, const char *prefix)
{
    size_t length = strlen(name);

    return strncmp(name, prefix, strlen(prefix)) == 0 &&
           (length < 5 || strcmp(name + length - 5, "_copy") != 0);
}

static json_t *parts_of(const struct guest *guest, const struct tally *tally, double units,
                        const char *client)
{
    json_t *parts = json_object();
    double framework = 0, clients = 0;

    put(parts, "total", (double)tally_total(guest, tally) / units);
    for (unsigned i = 0; i < guest->owners; i++) {
        bool is_client = is_client_of(guest->owner[i].name, client);

        if (i >= OWNER_FIRST) {
            *(is_client ? &clients : &framework) += (double)tally->by[i];
        }
        if ((double)tally->by[i] / units >= WORTH_SAYING) {
            put(parts, guest->owner[i].name, (double)tally->by[i] / units);
        }
    }
    if (!guest->is_linux) {
        put(parts, "framework", framework / units);
        put(parts, "clients", clients / units);
    }
    return parts;
}

static json_t *events_of(const struct guest *guest, const struct tally *tally, double units)
{
    const struct count_events *e = &tally->events;
    json_t *events = json_object();

    put(events, "system calls", (double)e->system_calls / units);
    put(events, "waits", (double)e->waits / units);
    put(events, "barriers", (double)e->barriers / units);
    put(events, "cache operations", (double)e->cache / units);
    put(events, "address spaces switched", (double)e->spaces / units);
    if (!guest->is_linux) {
        double interrupts = (double)e->watched[WATCH_INTERRUPTS];

        put(events, "interrupts", interrupts / units);
        if (e->watched[WATCH_SIGNALS] > 0) { /* interrupts are signals too */
            put(events, "notifications", ((double)e->watched[WATCH_SIGNALS] - interrupts) / units);
        }
        put(events, "traps", (double)(e->watched[WATCH_SYNCHRONOUS] - e->system_calls) / units);
    }
    return events;
}

static unsigned middle_run(json_t *const *parts, unsigned number)
{
    for (unsigned i = 0; i < number; i++) {
        double total = json_real_value(json_object_get(parts[i], "total"));
        unsigned below = 0;

        for (unsigned k = 0; k < number; k++) {
            double other = json_real_value(json_object_get(parts[k], "total"));

            below += other < total || (other == total && k < i);
        }
        if (below == number / 2) {
            return i;
        }
    }
    return 0;
}

static void keep_least(json_t *least, json_t *parts)
{
    const char *name;
    json_t *value, *old;

    json_object_foreach(parts, name, value)
    {
        old = json_object_get(least, name);
        if (old == NULL || json_real_value(value) < json_real_value(old)) {
            json_object_set(least, name, value);
        }
    }
}

void figures_case(const struct guest *guest, const char *set, const char *name,
                  const struct runs *runs, const char *client)
{
    json_t *parts[FIGURES_RUNS], *least = json_object(), *one = case_of(set, name);

    for (unsigned i = 0; i < runs->number; i++) {
        parts[i] = parts_of(guest, &runs->run[i].tally, runs->run[i].units, client);
        keep_least(least, parts[i]);
    }
    unsigned middle = middle_run(parts, runs->number);

    json_object_set(one, "median", parts[middle]);
    json_object_set_new(one, "least", least);
    json_object_set_new(one, "events",
                        events_of(guest, &runs->run[middle].tally, runs->run[middle].units));
    for (unsigned i = 0; i < runs->number; i++) {
        json_decref(parts[i]);
    }
    fprintf(stderr, "  %-12s %-40s %12.1f\n", set, name,
            json_real_value(json_object_get(json_object_get(one, "median"), "total")));
}

/* ---- Files ---- */

static json_t *load(const char *path, bool must)
{
    json_error_t error;
    json_t *loaded = json_load_file(path, 0, &error);

    if (loaded == NULL && (must || json_error_code(&error) != json_error_cannot_open_file)) {
        die("%s: %s", path, error.text);
    }
    return loaded == NULL ? json_object() : loaded;
}

static void save(json_t *object, const char *path)
{
    const char *temporary = text("%s.new", path);

    if (json_dump_file(object, temporary, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) != 0 ||
        rename(temporary, path) != 0) {
        die("%s cannot be written", path);
    }
}

void figures_load(const char *path)
{
    all = path == NULL ? json_object() : load(path, false);
}

void figures_save(const char *path)
{
    save(all, path);
}

void figures_forget(const char *set)
{
    json_object_del(member(all, settings.kind), set);
}

/* ---- Comparing ---- */

#define TOLERANCE 0.03 /* of the figure itself */
#define SMALL     0.01 /* of the case's total: growth below this is not worth a word */

static unsigned compare_case(const char *where, json_t *now, json_t *before)
{
    json_t *least = json_object_get(now, "least"), *median = json_object_get(before, "median");
    double total = json_real_value(json_object_get(median, "total"));
    unsigned found = 0;
    const char *part;
    json_t *old;

    json_object_foreach(median, part, old)
    {
        json_t *new = json_object_get(least, part);
        double was = json_real_value(old), is = json_real_value(new);

        if (new != NULL && is > was *(1 + TOLERANCE) && is - was > total *SMALL) {
            printf("regression: %s, %s: %.2f, was %.2f (%+.1f %%)\n", where, part, is, was,
                   (is / was - 1) * 100);
            found += 1;
        }
    }
    return found;
}

static unsigned compare_set(const char *where, json_t *now, json_t *before, unsigned *compared)
{
    unsigned found = 0;
    const char *name;
    json_t *old;

    json_object_foreach(before, name, old)
    {
        json_t *new = json_object_get(now, name);

        if (json_object_get(old, "median") == NULL) {
            continue; /* it was not counted */
        }
        *compared += 1;
        if (new == NULL) {
            printf("regression: %s: %s was not measured\n", where, name);
            found += 1;
        } else {
            found += compare_case(text("%s: %s", where, name), new, old);
        }
    }
    return found;
}

unsigned figures_compare(const char *results, const char *baseline, const char *kind,
                         char *const sets[])
{
    json_t *now = json_object_get(load(results, true), kind);
    json_t *before = json_object_get(load(baseline, true), kind);
    unsigned found = 0, compared = 0;

    for (; *sets != NULL; sets++) {
        char where[64]; /* text() would have it back before a set's last case */

        snprintf(where, sizeof where, "%s, %s", kind, *sets);
        found += compare_set(where, json_object_get(now, *sets), json_object_get(before, *sets),
                             &compared);
    }
    printf("%s: %u cases compared with the baseline; %u regressions over %.0f %%\n", kind, compared,
           found, TOLERANCE * 100);
    return found;
}

void figures_keep(const char *results, const char *baseline, const char *kind)
{
    json_t *now = load(results, true), *kept = load(baseline, false), *cases;
    const char *set;

    json_object_foreach(json_object_get(now, kind), set, cases)
    {
        json_object_set(member(kept, kind), set, cases);
    }
    save(kept, baseline);
}

/* ---- Printing ---- */

void figures_table(const char *set, FILE *file)
{
    table_print(json_object_get(member(all, settings.kind), set), file);
}
