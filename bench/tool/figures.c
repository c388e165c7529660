/* SPDX-License-Identifier: BSD-2-Clause */
#include "figures.h"

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
    double times = value < 1 ? 10000 : 100;
    double shown = (double)(int64_t)(value * times + 0.5) / times;

    json_object_set_new(object, name, json_real(shown));
}

static void add_run(json_t *one, json_t *parts, json_t *events)
{
    json_t *runs = json_object_get(one, "runs");

    if (runs == NULL) {
        runs = json_array();
        json_object_set_new(one, "runs", runs);
    }
    json_array_append_new(runs, json_pack("{sOsO}", "parts", parts, "events", events));
}

void figures_count(const char *set, const char *name, const char *part, double value)
{
    json_t *one = case_of(set, name);

    if (json_object_get(one, "runs") == NULL) {
        add_run(one, member(one, "median"), member(one, "events"));
    }
    put(member(one, "median"), part, value);
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

/* A program's segments follow one another. */
static unsigned clients_of(const struct guest *guest, const char *prefix)
{
    const char *last = "";
    unsigned number = 0;

    for (unsigned i = OWNER_FIRST; i < guest->owners; i++) {
        const char *name = guest->owner[i].name;

        number += is_client_of(name, prefix) && strcmp(name, last) != 0;
        last = name;
    }
    return number;
}

static json_t *parts_of(const struct guest *guest, const struct tally *tally, double units,
                        const char *client)
{
    bool several = clients_of(guest, client) > 1; /* which of them did how much varies */
    json_t *parts = json_object();
    double framework = 0, clients = 0;

    put(parts, "total", (double)tally_total(guest, tally) / units);
    for (unsigned i = 0; i < guest->owners; i++) {
        bool is_client = is_client_of(guest->owner[i].name, client);

        if (i >= OWNER_FIRST) {
            *(is_client ? &clients : &framework) += (double)tally->by[i];
        }
        if ((double)tally->by[i] / units >= WORTH_SAYING && !(is_client && several)) {
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

void figures_case(const struct guest *guest, const char *set, const char *name,
                  const struct runs *runs, const char *client)
{
    json_t *parts[FIGURES_RUNS], *events[FIGURES_RUNS], *one = case_of(set, name);

    for (unsigned i = 0; i < runs->number; i++) {
        const struct tally *tally = &runs->run[i].tally;

        parts[i] = parts_of(guest, tally, runs->run[i].units, client);
        events[i] = events_of(guest, tally, runs->run[i].units);
        add_run(one, parts[i], events[i]);
    }
    unsigned middle = middle_run(parts, runs->number);

    json_object_set(one, "median", parts[middle]);
    json_object_set(one, "events", events[middle]);
    for (unsigned i = 0; i < runs->number; i++) {
        json_decref(parts[i]);
        json_decref(events[i]);
    }
    fprintf(stderr, "  %-12s %-40s %12.1f\n", set, name,
            json_real_value(json_object_get(json_object_get(one, "median"), "total")));
}

/* ---- Files ---- */

json_t *figures_read(const char *path, bool must)
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
    all = path == NULL ? json_object() : figures_read(path, false);
}

void figures_save(const char *path)
{
    save(all, path);
}

void figures_forget(const char *set)
{
    json_object_del(member(all, settings.kind), set);
}

/* ---- Keeping ---- */

void figures_keep(const char *results, const char *baseline, const char *kind, char *const sets[])
{
    json_t *now = json_object_get(figures_read(results, true), kind);
    json_t *kept = figures_read(baseline, false), *cases, *one;
    const char *name;

    for (; *sets != NULL; sets++) {
        if ((cases = json_object_get(now, *sets)) == NULL) {
            continue; /* it is of another kind */
        }
        json_object_foreach(cases, name, one)
        {
            json_object_del(one, "runs"); /* the middle one is what others are compared with */
        }
        json_object_set(member(kept, kind), *sets, cases);
    }
    save(kept, baseline);
}

/* ---- Printing ---- */

void figures_table(const char *set, FILE *file)
{
    table_print(json_object_get(member(all, settings.kind), set), file);
}
