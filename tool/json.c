/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include <inttypes.h>
#include <string.h>

static const char *comma(bool first)
{
    return first ? "" : ",";
}

/* A text from outside: everything else here is a name. */
static void write_text(const char *text, FILE *out)
{
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            fprintf(out, "\\%c", *c);
        } else if (*c < 0x20) {
            fprintf(out, "\\u%04x", *c);
        } else {
            fputc(*c, out);
        }
    }
    fputc('"', out);
}

static const char *role(const struct pd *pd)
{
    if (pd->device == NULL) {
        return pd->client == NULL ? "supervisor" : "client";
    }
    return pd->is_driver ? "driver" : "virtualiser";
}

static void write_maps(const struct pd *pd, FILE *out)
{
    fputs("\"maps\": [", out);
    for (size_t i = 0; i < pd->maps.count; i++) {
        const struct map *map = &pd->maps.items[i];
        fprintf(out, "%s\n       {\"region\": \"%s\", \"vaddr\": %" PRIu64 ", \"perms\": \"%s\"}",
                comma(i == 0), map->region->name, map->vaddr, map->writable ? "rw" : "r");
    }
    fputs("],\n     \"io\": [", out);
    for (size_t i = 0; i < pd->io.count; i++) {
        fprintf(out, "%s\"%s\"", i == 0 ? "" : ", ", pd->io.items[i]->name);
    }
    fputs("],\n     \"interrupts\": [", out);
    for (size_t i = 0; i < pd->interrupts.count; i++) {
        const struct interrupt *interrupt = &pd->interrupts.items[i];
        fprintf(out, "%s{\"irq\": %u, \"channel\": %u, \"trigger\": \"%s\"}", i == 0 ? "" : ", ",
                interrupt->number, interrupt->channel, interrupt->edge ? "edge" : "level");
    }
    fputc(']', out);
}

static void write_pd(const struct pd *pd, FILE *out)
{
    fprintf(out,
            "    {\"name\": \"%s\", \"index\": %u, \"role\": \"%s\", \"priority\": %u, "
            "\"budget\": %u, \"period\": %u, \"stack\": %" PRIu64 ",\n     \"program\": ",
            pd->name, pd->index, role(pd), pd->priority, pd->budget, pd->period, pd->stack);
    write_text(pd->program->name, out);
    fprintf(out, ", \"device\": %s%s%s, \"client\": %s%s%s,\n     ", pd->device == NULL ? "" : "\"",
            pd->device == NULL ? "null" : pd->device->name.text, pd->device == NULL ? "" : "\"",
            pd->client == NULL ? "" : "\"", pd->client == NULL ? "null" : pd->client->name.text,
            pd->client == NULL ? "" : "\"");
    write_maps(pd, out);
    fputc('}', out);
}

static void write_region(const struct region *region, FILE *out)
{
    static const char *const kinds[] = {"lives", "counters", "link", "data", "rings", "device"};

    fprintf(out,
            "    {\"name\": \"%s\", \"kind\": \"%s\", \"size\": %" PRIu64
            ", \"page_size\": %" PRIu64 ", \"cached\": %s",
            region->name, kinds[region->kind], region->size, region->page_size,
            region->cached ? "true" : "false");
    if (region->kind == REGION_DEVICE) {
        fprintf(out, ", \"physical\": %" PRIu64, region->physical);
    }
    fputc('}', out);
}

static void write_end(const char *side, const struct end *end, FILE *out)
{
    fprintf(out,
            "\n     \"%s\": {\"pd\": \"%s\", \"channel\": %u, \"half\": \"%s\", \"capacity\": %u, "
            "\"entry_size\": %u}",
            side, end->pd->name, end->channel, end->half->name, end->capacity, end->entry_size);
}

static void write_link(const struct link *link, FILE *out)
{
    fprintf(out, "    {\"kind\": \"%s\", \"number\": %u, \"device\": \"%s\", \"client\": %s%s%s,",
            link->shape->name, link->shape->kind, link->device->name.text,
            link->client == NULL ? "" : "\"",
            link->client == NULL ? "null" : link->client->name.text,
            link->client == NULL ? "" : "\"");
    write_end("up", &link->up, out);
    fputc(',', out);
    write_end("down", &link->down, out);
    fputc('}', out);
}

static void write_devices(const struct description *d, FILE *out)
{
    fputs("  \"devices\": [", out);
    for (size_t i = 0; i < d->device_count; i++) {
        const struct device *device = &d->devices[i];
        fprintf(out, "%s\n    {\"name\": \"%s\", \"class\": \"%s\", \"node\": ", comma(i == 0),
                device->name.text, device->class->name);
        write_text(device->node->path, out);
        fputs(", \"driver\": ", out);
        write_text(device->driver->program.name, out);
        fprintf(out, ", \"coherent\": %s}", device->node->coherent ? "true" : "false");
    }
    fputs("],\n", out);
}

void json_write(const struct system *s, FILE *out)
{
    fputs("{\n  \"board\": ", out);
    write_text(s->description->board.text, out);
    fputs(",\n  \"microkit\": ", out);
    write_text(s->sdk->version, out);
    fprintf(out, ",\n  \"config\": \"%s\",\n  \"stack_top\": %" PRIu64 ",\n", s->sdk->config,
            s->sdk->stack_top);
    write_devices(s->description, out);
    fputs("  \"pds\": [", out);
    for (size_t i = 0; i < s->pd_count; i++) {
        fprintf(out, "%s\n", comma(i == 0));
        write_pd(&s->pds[i], out);
    }
    fputs("],\n  \"regions\": [", out);
    for (size_t i = 0; i < s->regions.count; i++) {
        fprintf(out, "%s\n", comma(i == 0));
        write_region(s->regions.items[i], out);
    }
    fputs("],\n  \"links\": [", out);
    for (size_t i = 0; i < s->links.count; i++) {
        fprintf(out, "%s\n", comma(i == 0));
        write_link(&s->links.items[i], out);
    }
    fputs("]\n}\n", out);
}
