/* SPDX-License-Identifier: BSD-2-Clause */
/* The little that the bench wants to know of ELF files. */
#ifndef BENCH_ELF_FILE_H
#define BENCH_ELF_FILE_H

#include <stddef.h>
#include <stdint.h>

struct elf_symbol {
    uint64_t address;
    char *name;
};

struct elf_range {
    uint64_t start, end;
};

/** Functions (and what assembly did not give a type), by address; ends with a NULL name. */
struct elf_symbol *elf_functions(const char *path);

/** Address of the first of these names (ends with NULL) that the file has; 0: it has none. */
uint64_t elf_address(const char *path, const char *const names[]);

/** Virtual memory of the loaded segments, up to `most`. Returns how many. */
size_t elf_segments(const char *path, struct elf_range *ranges, size_t most);

#endif
