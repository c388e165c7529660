/* SPDX-License-Identifier: BSD-2-Clause */
#include "program.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hidden.h"
#include "lib/text.h"
#include "scan.h"
#include "values.h"

#define MAX_SEGMENTS 64
#define SUFFIX       ".elf"

/* ---- What there is ---- */

static bool is_program(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > strlen(SUFFIX) && strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0;
}

static bool library_has(const struct library *library, const char *name)
{
    LIST_EACH(struct program, program, library->programs)
    {
        if (strcmp(program->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int compare_programs(const void *a, const void *b)
{
    return strcmp(((const struct program *)a)->name, ((const struct program *)b)->name);
}

static void read_directory(struct library *library, const char *path)
{
    DIR *directory = opendir(path);

    if (directory == NULL) {
        diag_error((struct place){path, 0, 0}, "%s", strerror(errno));
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (is_program(entry) && !library_has(library, entry->d_name)) {
            LIST_ADD(&library->programs,
                     (struct program){text_format("%s", entry->d_name),
                                      text_format("%s/%s", path, entry->d_name), library->machine});
        }
    }
    closedir(directory);
}

/* A driver's description of itself comes from a file, so its texts may lack their end. */
static bool is_sound(const struct quoll_driver *about)
{
    bool ends = about->class_name[sizeof about->class_name - 1] == '\0';

    for (size_t i = 0; i < sizeof about->compatible / sizeof about->compatible[0]; i++) {
        ends = ends && about->compatible[i][sizeof about->compatible[i] - 1] == '\0';
    }
    return ends && about->magic == QUOLL_DRIVER_MAGIC && about->abi == QUOLL_CONFIG_VERSION &&
           about->registers <= QUOLL_MAX_REGISTERS && about->interrupts <= QUOLL_MAX_INTERRUPTS;
}

static void read_driver(struct library *library, const struct program *program)
{
    const char *why;
    struct elf_section section;
    struct quoll_driver about;
    struct elf_file *elf = elf_file_open(program->path, &why);

    if (elf == NULL) {
        return; /* a matter for whoever needs it */
    }
    if (elf_file_section(elf, ".quoll_driver", &section) && section.bytes != NULL) {
        memcpy(&about, section.bytes, section.size < sizeof about ? section.size : sizeof about);
        if (section.size != sizeof about || !is_sound(&about)) {
            diag_error(
                (struct place){program->path, 0, 0},
                "its section .quoll_driver is not that of a driver for this version of Quoll");
        } else {
            LIST_ADD(&library->drivers, (struct driver){*program, about});
        }
    }
    elf_file_close(elf);
}

struct library *library_open(const char *const *directories, size_t count, unsigned machine)
{
    struct library *library = text_alloc(1, sizeof *library);

    library->directories = directories;
    library->directory_count = count;
    library->machine = machine;
    for (size_t i = 0; i < count; i++) {
        read_directory(library, directories[i]);
    }
    if (library->programs.count > 0) {
        qsort(library->programs.items, library->programs.count, sizeof(struct program),
              compare_programs);
    }
    LIST_EACH(const struct program, program, library->programs)
    {
        read_driver(library, program);
    }
    return library;
}

static void tell_missing(const struct library *library, const char *name, struct place at,
                         const char *who)
{
    const char **names = text_alloc(library->programs.count, sizeof *names);
    const char *directories = "";
    size_t count = 0;

    LIST_EACH(const struct program, program, library->programs)
    {
        names[count++] = program->name;
    }
    for (size_t i = 0; i < library->directory_count; i++) {
        directories =
            text_format("%s%s%s", directories, i == 0 ? "" : ", ", library->directories[i]);
    }
    diag_error(at, "%s: there is no program '%s'", who, name);
    const char *nearest = diag_nearest(name, names, count);
    if (nearest != NULL) {
        diag_hint("did you mean '%s'?", nearest);
    } else {
        diag_hint("looked in: %s", directories);
    }
}

struct program *library_find(const struct library *library, const char *name, struct place at,
                             const char *who)
{
    LIST_EACH(struct program, program, library->programs)
    {
        if (strcmp(program->name, name) == 0) {
            return program;
        }
    }
    tell_missing(library, name, at, who);
    return NULL;
}

bool driver_fits(const struct driver *driver, const char *class, const char *compatible)
{
    bool fits = false;

    for (size_t i = 0; i < sizeof driver->about.compatible / sizeof driver->about.compatible[0];
         i++) {
        fits = fits || strcmp(driver->about.compatible[i], compatible) == 0;
    }
    return fits && strcmp(driver->about.class_name, class) == 0;
}

/* ---- Whether it can be used ---- */

static void check_segments(const struct elf_file *elf, const char *name, struct place at,
                           const char *who)
{
    struct elf_segment segments[MAX_SEGMENTS];
    size_t count = elf_file_segments(elf, segments, MAX_SEGMENTS);

    if (count == MAX_SEGMENTS) {
        diag_error(at, "%s: %s has more than %d segments", who, name, MAX_SEGMENTS - 1);
    }
    for (size_t i = 0; i < count; i++) {
        const struct elf_segment *s = &segments[i];
        if (s->writable && s->executable) {
            diag_error(at, "%s: %s has a segment at 0x%" PRIx64 " that is writable and executable",
                       who, name, s->address);
        }
        if (s->address + s->memory_size > REGIONS_START) {
            diag_error(at, "%s: %s reaches up to 0x%" PRIx64 "; the system's memory begins at 0x%x",
                       who, name, s->address + s->memory_size, REGIONS_START);
        }
    }
}

static void check_config(const struct elf_file *elf, const char *name, struct place at,
                         const char *who)
{
    struct elf_symbol symbol;

    if (!elf_file_symbol(elf, "quoll_config", &symbol)) {
        diag_error(at, "%s: %s has no symbol 'quoll_config'", who, name);
        diag_hint("is it linked with Quoll's core?");
    } else if (symbol.size != QUOLL_CONFIG_SIZE) {
        diag_error(at, "%s: %s has a configuration of %" PRIu64 " bytes, not %u", who, name,
                   symbol.size, QUOLL_CONFIG_SIZE);
        diag_hint("it was built for another version of Quoll: build it again");
    } else if (elf_file_at(elf, symbol.address, symbol.size) == NULL) {
        diag_error(at, "%s: in %s 'quoll_config' is not part of the file", who, name);
        diag_hint("it must be in a read-only section, as in core/config_space.S");
    }
}

static void check_timer(const struct elf_file *elf, const char *name, struct place at,
                        const char *who)
{
    struct timer_write found;

    if (!scan_for_timer_write(elf, &found)) {
        return;
    }
    const char *symbol = scan_symbol(elf, found.address);
    diag_error(at, "%s: %s writes %s at 0x%" PRIx64 "%s%s%s", who, name, found.register_name,
               found.address, symbol != NULL ? " (" : "", symbol != NULL ? symbol : "",
               symbol != NULL ? ")" : "");
    diag_hint("only the driver of the system timer may: whoever can stops everybody's timeouts");
}

void program_check(const struct program *program, bool may_use_timer, struct place at,
                   const char *who)
{
    const char *why;
    struct elf_file *elf = elf_file_open(program->path, &why);

    if (elf == NULL || elf_file_machine(elf) != program->machine) {
        diag_error(at, "%s: %s is %s", who, program->path,
                   elf == NULL                      ? why
                   : program->machine == EM_AARCH64 ? "not a program for AArch64"
                                                    : "not a program for the simulator");
        return;
    }
    check_config(elf, program->name, at, who);
    check_segments(elf, program->name, at, who);
    if (program->machine == EM_AARCH64) {
        hidden_check(elf, program->name, at, who);
    }
    if (!may_use_timer && program->machine == EM_AARCH64) {
        check_timer(elf, program->name, at, who);
    }
    elf_file_close(elf);
}
