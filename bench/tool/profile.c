/* SPDX-License-Identifier: BSD-2-Clause */
/* Which functions take most: for whoever optimises. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define TABLE 8192U /* functions that were executed at all */

struct function {
    unsigned owner;
    const char *name;
    uint64_t executed;
};

static struct function table[TABLE];
static unsigned functions;

static void add(unsigned owner, const char *name, uint64_t executed)
{
    for (unsigned i = 0; i < functions; i++) {
        if (table[i].owner == owner && strcmp(table[i].name, name) == 0) {
            table[i].executed += executed;
            return;
        }
    }
    if (functions < TABLE) {
        table[functions++] = (struct function){owner, name, executed};
    }
}

static const struct elf_symbol *symbols_of(const struct guest *guest, unsigned owner)
{
    static struct elf_symbol *known[GUEST_OWNERS];
    static struct elf_symbol none[1];
    static char system[BENCH_PATH]; /* whose they are */
    const char *path =
        owner == OWNER_KERNEL
            ? text("%s/board/qemu_virt_aarch64/%s/elf/sel4.elf", settings.sdk, settings.config)
            : text("%s/%s.elf", guest->directory, guest->owner[owner].name);

    if (strcmp(system, guest->directory) != 0) {
        snprintf(system, sizeof system, "%s", guest->directory);
        memset(known, 0, sizeof known);
    }
    if (known[owner] == NULL) {
        known[owner] = access(path, R_OK) == 0 && !guest->is_linux ? elf_functions(path) : none;
    }
    return known[owner];
}

/* Where all were executed, for whoever reads the code beside it: "program address count". */
static void write_down(const struct guest *guest, unsigned owner, uint64_t address, double executed)
{
    static FILE *file;

    if (file == NULL && (file = fopen(settings.addresses, "w")) == NULL) {
        die("%s cannot be written", settings.addresses);
    }
    fprintf(file, "%s %lx %.4f\n", guest->owner[owner].name, address, executed);
}

static const char *name_at(const struct elf_symbol *symbols, uint64_t address)
{
    const char *name = "?";

    for (; symbols->name != NULL && symbols->address <= address; symbols++) {
        name = symbols->name;
    }
    return name;
}

static int most_first(const void *a, const void *b)
{
    const struct function *x = a, *y = b;

    return x->executed > y->executed ? -1 : x->executed < y->executed;
}

void guest_functions(const struct guest *guest, const struct count_file *before, double per)
{
    const struct count_file *file = guest->file;
    uint64_t bias = guest_bias(guest);

    functions = 0;
    for (uint64_t p = 0; p < file->pages; p++) {
        const struct count_page *page = &file->page[p];
        unsigned owner = guest_owner_of(guest, page, bias);
        const struct elf_symbol *symbols = symbols_of(guest, owner);

        for (unsigned w = 0; w < COUNT_PAGE_WORDS; w++) {
            uint64_t executed =
                page->executed[w] - (before == NULL ? 0 : before->page[p].executed[w]);

            uint64_t address = (page->virtual << COUNT_PAGE_SHIFT) + w * 4;

            if (executed != 0) {
                add(owner, name_at(symbols, address), executed);
                if (settings.addresses != NULL) {
                    write_down(guest, owner, address, (double)executed / per);
                }
            }
        }
    }
    qsort(table, functions, sizeof table[0], most_first);
    for (unsigned i = 0; i < functions && i < settings.functions; i++) {
        printf("  %10.1f  %-20s %s\n", (double)table[i].executed / per,
               guest->owner[table[i].owner].name, table[i].name);
    }
}
