/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs a system is made of: found by name in the directories of --programs,
 * examined once, patched in copies.
 */
#ifndef TOOL_PROGRAM_H
#define TOOL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include <quoll/config.h>

#include "lib/diag.h"
#include "lib/elf_file.h"
#include "list.h"

/** Programs lie below, regions from here on. */
#define REGIONS_START 0x10000000U

struct program {
    const char *name; /* of the file */
    const char *path;
    unsigned machine; /* it must be for, an EM_ value of <elf.h> */
};

struct driver {
    struct program program;
    struct quoll_driver about;
};

struct library {
    const char *const *directories;
    size_t directory_count;
    unsigned machine;
    LIST(struct program) programs; /* *.elf, sorted; of equal names the first directory's */
    LIST(struct driver) drivers;   /* of these, those that describe themselves as drivers */
};

/** Look through the directories for programs for a machine (EM_...). Told as errors: a directory or
 * a driver that cannot be read. */
struct library *library_open(const char *const *directories, size_t count, unsigned machine);

/**
 * Find a program and examine it: for this machine, linked with Quoll's core, no code
 * that stops the CPU's timer.
 *
 * @param at   what the errors refer to
 * @param who  the device or client that needs it
 * @return NULL if there is none; errors are told
 */
struct program *library_find(const struct library *library, const char *name, struct place at,
                             const char *who);

/** Whether a driver is of the class and for this compatible string. */
bool driver_fits(const struct driver *driver, const char *class, const char *compatible);

/** Examine a program; told as errors. */
void program_check(const struct program *program, bool may_use_timer, struct place at,
                   const char *who);

#endif
