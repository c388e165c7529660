/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tool decided, for people and for tools that measure. */
#include "build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void report_programs(FILE *out, const struct description *d, const struct program *programs)
{
    for (size_t i = 0; i < d->pd_count; i++) {
        for (size_t j = 0; j < programs[i].segment_count; j++) {
            const struct segment *s = &programs[i].segments[j];
            fprintf(out, "       <Region name=PD-ELF %s-%u addr=0x%lx size=%lu>\n", d->pds[i].name,
                    s->index, s->physical + (s->address - s->page), s->size);
        }
    }
}

static void report_pd(FILE *out, const struct description *d, const struct pd *pd)
{
    fprintf(out, "    %s: priority %lu, budget %lu of %lu us", pd->name, pd->priority, pd->budget,
            pd->period);
    if (pd->parent != NO_PD) {
        fprintf(out, ", child %u of %s", pd->child, d->pds[pd->parent].name);
    }
    fprintf(out, "\n");
    for (size_t i = 0; i < pd->map_count; i++) {
        const struct map *map = &pd->maps[i];
        fprintf(out, "        0x%010lx %s %c%c%c%s\n", map->address, d->regions[map->region].name,
                map->readable ? 'r' : '-', map->writable ? 'w' : '-', map->executable ? 'x' : '-',
                map->cached ? "" : " uncached");
    }
    for (size_t i = 0; i < pd->irq_count; i++) {
        fprintf(out, "        irq %u id %u %s\n", pd->irqs[i].irq, pd->irqs[i].id,
                pd->irqs[i].edge ? "edge" : "level");
    }
}

void build_report(const char *path, const struct description *d, const struct program *programs)
{
    FILE *out = fopen(path, "w");

    if (out == NULL) {
        diag_fatal("%s: %s", path, strerror(errno));
    }
    fprintf(out, "# Loader Regions\n\n");
    report_programs(out, d, programs);
    fprintf(out, "\n# Memory Regions\n\n");
    for (size_t i = 0; i < d->region_count; i++) {
        const struct region *r = &d->regions[i];
        fprintf(out, "    %s: physical 0x%lx size 0x%lx pages of 0x%lx\n", r->name, r->physical,
                r->size, r->page_size);
    }
    fprintf(out, "\n# Protection Domains\n\n");
    for (size_t i = 0; i < d->pd_count; i++) {
        report_pd(out, d, &d->pds[i]);
    }
    if (fclose(out) != 0) {
        diag_fatal("%s: cannot be written", path);
    }
}
