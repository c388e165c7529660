/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 64-bit little-endian ELF file held whole in memory: looked into by name, changed
 * by address, written out again. Every offset in it is checked when it is opened,
 * and so never after.
 */
#ifndef TOOL_ELF_FILE_H
#define TOOL_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file;

/** Bytes that a symbol names. Size 0: the symbol has none (a label in assembly). */
struct elf_symbol {
    uint64_t address;
    uint64_t size;
};

/** A section with contents; `bytes` points into the file, so writing changes it. */
struct elf_section {
    uint64_t address;
    uint64_t size;
    unsigned char *bytes; /* NULL if the section has none in the file (.bss) */
};

/** A part of the program that is loaded. */
struct elf_segment {
    uint64_t address;
    uint64_t file_size;   /* bytes in the file ... */
    uint64_t memory_size; /* ... and, zero-filled, in memory: never smaller */
    unsigned char *bytes; /* points into the file */
    unsigned index;       /* its number among all program headers */
    bool readable, writable, executable;
};

/**
 * Read a file.
 *
 * @param why set to what is wrong if NULL is returned
 */
struct elf_file *elf_file_open(const char *path, const char **why);
void elf_file_close(struct elf_file *file);

/** @return the path it was opened with */
const char *elf_file_path(const struct elf_file *file);
uint64_t elf_file_entry(const struct elf_file *file);

/** The machine it is for, an EM_ value of <elf.h>. */
unsigned elf_file_machine(const struct elf_file *file);

/** Loaded segments in the order of the program headers; at most `max` are written. */
size_t elf_file_segments(const struct elf_file *file, struct elf_segment *segments, size_t max);

/** @return false if there is no such symbol that is defined */
bool elf_file_symbol(const struct elf_file *file, const char *name, struct elf_symbol *symbol);

/** @return false if there is no such section */
bool elf_file_section(const struct elf_file *file, const char *name, struct elf_section *section);

/**
 * Call `visit` for every defined symbol, in the order of the file, until it returns
 * false.
 */
void elf_file_each_symbol(const struct elf_file *file,
                          bool (*visit)(void *context, const char *name, struct elf_symbol symbol),
                          void *context);

/**
 * Change the loaded image.
 *
 * @return false if not all the bytes at `address` are in the file: no segment is there,
 *         or it is zero-filled (.bss)
 */
bool elf_file_patch(struct elf_file *file, uint64_t address, const void *bytes, size_t size);

/** Bytes of the loaded image as they are in the file, or NULL as for elf_file_patch(). */
const void *elf_file_at(const struct elf_file *file, uint64_t address, size_t size);

/** @return false with errno set if the file cannot be written */
bool elf_file_save(const struct elf_file *file, const char *path);

#endif
