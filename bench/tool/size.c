/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * size: memory of the web server's system, by protection domain (program, stack) and by
 * region; and what another client of the network costs. Exact, so compared.
 */
#include "elf_file.h"
#include "figures.h"
#include "load.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KIB      1024.0
#define SEGMENTS 4U

struct sizes {
    double programs, stacks, regions, image, cache;
};

/* The value of an attribute of the element that begins at `at`, decimal or hexadecimal; 0: none. */
static double attribute(const char *at, const char *name)
{
    const char *end = strchr(at, '>'), *found = strstr(at, name);

    return found == NULL || found > end ? 0 : (double)strtoull(found + strlen(name), NULL, 0);
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    char *content = NULL;
    size_t size = 0;

    if (file == NULL || getdelim(&content, &size, '\0', file) < 0) {
        die("%s cannot be read", path);
    }
    fclose(file);
    return content;
}

/* Regions without an address are memory; the others are devices' registers. */
static void add_regions(const char *system, struct sizes *sizes)
{
    for (const char *at = system; (at = strstr(at, "<memory_region ")) != NULL; at++) {
        double size = attribute(at, " size=\"");

        if (attribute(at, " phys_addr=\"") == 0) {
            sizes->regions += size;
            sizes->cache += strncmp(at, "<memory_region name=\"web-disk-data", 34) == 0 ? size : 0;
        }
    }
}

/* Each segment takes whole pages. The first is code and constants, the others are written to. */
static void add_program(const char *folder, const char *pd, struct sizes *sizes, const char *set)
{
    struct elf_range segment[SEGMENTS];
    size_t found = elf_segments(text("%s/%s.elf", folder, pd), segment, SEGMENTS);

    for (size_t i = 0; i < found; i++) {
        uint64_t size = segment[i].end - segment[i].start;

        sizes->programs += (double)((size + 4095) & ~UINT64_C(4095));
        if (set != NULL) {
            figures_count("size", i == 0 ? "code and constants, KiB" : "variables, KiB", pd,
                          (double)size / KIB);
        }
    }
}

static void add_domains(const char *system, const char *folder, struct sizes *sizes,
                        const char *set)
{
    for (const char *at = system; (at = strstr(at, "<protection_domain ")) != NULL; at++) {
        char name[32];

        if (sscanf(at, "<protection_domain name=\"%31[^\"]", name) != 1) {
            die("%s: a protection domain without a name", folder);
        }
        add_program(folder, name, sizes, set);
        sizes->stacks += attribute(at, " stack_size=\"");
    }
}

static struct sizes measure(const char *name, const char *set)
{
    struct sizes sizes = {0};
    struct stat image;
    char folder[4096]; /* text() would have it back */

    snprintf(folder, sizeof folder, "%s/%s", settings.out, name);
    char *system = read_all(text("%s/system.system", folder));

    add_regions(system, &sizes);
    add_domains(system, folder, &sizes, set);
    if (stat(text("%s/loader.img", folder), &image) == 0) {
        sizes.image = (double)image.st_size;
    }
    free(system);
    return sizes;
}

static double all(const struct sizes *s)
{
    return s->programs + s->stacks + s->regions;
}

static struct sizes echoes(unsigned count)
{
    guest_compose("size", load_echoes_yaml(count, false));
    return measure("size", NULL);
}

void set_size(void)
{
    guest_compose_file("size", "examples/webserver/system.yaml");
    struct sizes web = measure("size", "size"), one = echoes(1), two = echoes(2);

    figures_count("size", "web server, KiB", "programs", web.programs / KIB);
    figures_count("size", "web server, KiB", "stacks", web.stacks / KIB);
    figures_count("size", "web server, KiB", "regions", web.regions / KIB);
    figures_count("size", "web server, KiB", "of these, the cache", web.cache / KIB);
    figures_count("size", "web server, KiB", "total", all(&web) / KIB);
    figures_count("size", "web server, KiB", "beside the cache", (all(&web) - web.cache) / KIB);
    figures_count("size", "web server, KiB", "image file", web.image / KIB);
    figures_count("size", "echo server, KiB", "total", all(&one) / KIB);
    figures_count("size", "echo server, KiB", "programs", one.programs / KIB);
    figures_count("size", "echo server, KiB", "regions", one.regions / KIB);
    figures_count("size", "echo server, KiB", "image file", one.image / KIB);
    figures_count("size", "another client, KiB", "total", (all(&two) - all(&one)) / KIB);
    figures_count("size", "another client, KiB", "programs", (two.programs - one.programs) / KIB);
    figures_count("size", "another client, KiB", "regions", (two.regions - one.regions) / KIB);
    figures_count("size", "another client, KiB", "image file", (two.image - one.image) / KIB);
}
