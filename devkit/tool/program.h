/* SPDX-License-Identifier: BSD-2-Clause */
/* A PD's program: its segments as they will be in memory, with the PD's values set. */
#ifndef DEVKIT_PROGRAM_H
#define DEVKIT_PROGRAM_H

#include "description.h"
#include "elf_file.h"

#define MAX_SEGMENTS 8

struct segment {
    uint64_t address; /* virtual, as in the file */
    uint64_t size;    /* in memory */
    unsigned index;   /* in the file */
    bool readable, writable, executable;
    uint64_t page;        /* virtual, of its first page */
    uint64_t pages_size;  /* of all its pages */
    unsigned char *bytes; /* pages_size of them */
    uint64_t physical;    /* of its first page */
};

struct program {
    const char *path;
    struct elf_file *elf;
    uint64_t ipc_buffer; /* virtual */
    struct segment segments[MAX_SEGMENTS];
    size_t segment_count;
};

/** Read the program of a PD and find a place for its segments. */
void program_load(struct program *program, const struct pd *pd, const char *const *search_paths,
                  size_t search_path_count);

/** Write the PD's name, channels and setvars into its copy of the program. */
void program_set_values(struct program *program, const struct description *d, size_t pd);

#endif
