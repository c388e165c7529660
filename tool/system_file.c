/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Source: the Microkit's manual, "System Description File". Names consist of letters,
 * digits, '_' and '-', so nothing needs escaping.
 */
#include "system_file.h"

#include <inttypes.h>

static void write_region(const struct region *region, FILE *out)
{
    fprintf(out,
            "    <memory_region name=\"%s\" size=\"0x%" PRIx64 "\" page_size=\"0x%" PRIx64 "\"",
            region->name, region->size, region->page_size);
    if (region->kind == REGION_DEVICE) {
        fprintf(out, " phys_addr=\"0x%" PRIx64 "\"", region->physical);
    }
    fputs(" />\n", out);
}

static void open_pd(const struct pd *pd, const char *indent, const char *id, FILE *out)
{
    fprintf(out,
            "%s<protection_domain name=\"%s\"%s priority=\"%u\" budget=\"%u\" period=\"%u\" "
            "passive=\"false\" stack_size=\"0x%" PRIx64 "\">\n",
            indent, pd->name, id, pd->priority, pd->budget, pd->period, pd->stack);
    fprintf(out, "%s    <program_image path=\"%s.elf\" />\n", indent, pd->name);
}

static void write_contents(const struct pd *pd, const char *indent, FILE *out)
{
    LIST_EACH(const struct map, map, pd->maps)
    {
        fprintf(out, "%s    <map mr=\"%s\" vaddr=\"0x%" PRIx64 "\" perms=\"%s\" cached=\"%s\" />\n",
                indent, map->region->name, map->vaddr, map->writable ? "rw" : "r",
                map->region->cached ? "true" : "false");
    }
    LIST_EACH(const struct interrupt, interrupt, pd->interrupts)
    {
        fprintf(out, "%s    <irq irq=\"%u\" id=\"%u\" trigger=\"%s\" />\n", indent,
                interrupt->number, interrupt->channel, interrupt->edge ? "edge" : "level");
    }
    for (size_t i = 0; i < pd->io.count; i++) {
        fprintf(out, "%s    <setvar symbol=\"quoll_io_%zu\" region_paddr=\"%s\" />\n", indent, i,
                pd->io.items[i]->name);
    }
}

static void write_child(const struct pd *pd, FILE *out)
{
    char id[32];

    snprintf(id, sizeof id, " id=\"%u\"", pd->index);
    open_pd(pd, "        ", id, out);
    write_contents(pd, "        ", out);
    fputs("        </protection_domain>\n", out);
}

static void write_end(const struct end *end, FILE *out)
{
    fprintf(out, "        <end pd=\"%s\" id=\"%u\" pp=\"false\" notify=\"true\" />\n",
            end->pd->name, end->channel);
}

void system_file_write(const struct system *system, FILE *out)
{
    const struct pd *supervisor = &system->pds[system->pd_count - 1];

    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    fprintf(out, "<!-- Made by quoll; change the description, not this. -->\n<system>\n");
    LIST_EACH(struct region *, region, system->regions)
    {
        write_region(*region, out);
    }
    open_pd(supervisor, "    ", "", out);
    write_contents(supervisor, "    ", out);
    for (size_t i = 0; i + 1 < system->pd_count; i++) {
        write_child(&system->pds[system->order[i]], out);
    }
    fputs("    </protection_domain>\n", out);
    LIST_EACH(const struct link, link, system->links)
    {
        fputs("    <channel>\n", out);
        write_end(&link->up, out);
        write_end(&link->down, out);
        fputs("    </channel>\n", out);
    }
    fputs("</system>\n", out);
}
