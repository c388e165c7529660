/* SPDX-License-Identifier: BSD-2-Clause */
#include "elf_file.h"

#include "text.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct elf_file {
    char *path;
    char *bytes;
    size_t size;
    Elf *elf;
    GElf_Ehdr header;
    size_t segment_count;
};

static bool within(const struct elf_file *file, uint64_t offset, uint64_t size)
{
    return offset <= file->size && size <= file->size - offset;
}

static bool segments_are_sound(const struct elf_file *file)
{
    for (size_t i = 0; i < file->segment_count; i++) {
        GElf_Phdr p;
        if (gelf_getphdr(file->elf, (int)i, &p) == NULL) {
            return false;
        }
        if (p.p_type == PT_LOAD && (!within(file, p.p_offset, p.p_filesz) ||
                                    p.p_filesz > p.p_memsz || p.p_memsz > UINT64_MAX - p.p_vaddr)) {
            return false;
        }
    }
    return true;
}

/* What is wrong with a file just read; NULL: nothing. */
static const char *examine(struct elf_file *file)
{
    elf_version(EV_CURRENT);
    file->elf = elf_memory(file->bytes, file->size);
    if (file->elf == NULL || elf_kind(file->elf) != ELF_K_ELF ||
        gelf_getehdr(file->elf, &file->header) == NULL) {
        return "not an ELF file";
    }
    if (file->header.e_ident[EI_CLASS] != ELFCLASS64 ||
        file->header.e_ident[EI_DATA] != ELFDATA2LSB) {
        return "not a 64-bit little-endian ELF file";
    }
    if (elf_getphdrnum(file->elf, &file->segment_count) != 0 || !segments_are_sound(file)) {
        return "an ELF file with damaged program headers";
    }
    return NULL;
}

struct elf_file *elf_file_open(const char *path, const char **why)
{
    struct elf_file *file = text_alloc(1, sizeof *file);

    file->path = text_format("%s", path);
    file->bytes = text_file(path, &file->size);
    *why = file->bytes == NULL ? strerror(errno) : examine(file);
    if (*why != NULL) {
        elf_file_close(file);
        return NULL;
    }
    return file;
}

void elf_file_close(struct elf_file *file)
{
    elf_end(file->elf);
    free(file->bytes);
    free(file->path);
    free(file);
}

const char *elf_file_path(const struct elf_file *file)
{
    return file->path;
}

uint64_t elf_file_entry(const struct elf_file *file)
{
    return file->header.e_entry;
}

unsigned elf_file_machine(const struct elf_file *file)
{
    return file->header.e_machine;
}

size_t elf_file_segments(const struct elf_file *file, struct elf_segment *segments, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < file->segment_count && n < max; i++) {
        GElf_Phdr p;
        gelf_getphdr(file->elf, (int)i, &p);
        if (p.p_type != PT_LOAD || p.p_memsz == 0) {
            continue;
        }
        segments[n++] = (struct elf_segment){
            .address = p.p_vaddr,
            .file_size = p.p_filesz,
            .memory_size = p.p_memsz,
            .bytes = (unsigned char *)file->bytes + p.p_offset,
            .index = (unsigned)i,
            .readable = (p.p_flags & PF_R) != 0,
            .writable = (p.p_flags & PF_W) != 0,
            .executable = (p.p_flags & PF_X) != 0,
        };
    }
    return n;
}

void elf_file_each_symbol(const struct elf_file *file,
                          bool (*visit)(void *context, const char *name, struct elf_symbol symbol),
                          void *context)
{
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn)) != NULL;) {
        GElf_Shdr s;
        GElf_Sym sym;
        if (gelf_getshdr(scn, &s) == NULL || s.sh_type != SHT_SYMTAB) {
            continue;
        }
        Elf_Data *data = elf_getdata(scn, NULL);
        for (int i = 1; data != NULL && gelf_getsym(data, i, &sym) != NULL; i++) {
            const char *name = elf_strptr(file->elf, s.sh_link, sym.st_name);
            if (name != NULL && name[0] != '\0' && sym.st_shndx != SHN_UNDEF &&
                !visit(context, name, (struct elf_symbol){sym.st_value, sym.st_size})) {
                return;
            }
        }
    }
}

struct symbol_search {
    const char *name;
    struct elf_symbol found;
    bool done;
};

static bool match_symbol(void *context, const char *name, struct elf_symbol symbol)
{
    struct symbol_search *search = context;

    if (strcmp(name, search->name) == 0) {
        search->found = symbol;
        search->done = true;
    }
    return !search->done;
}

bool elf_file_symbol(const struct elf_file *file, const char *name, struct elf_symbol *symbol)
{
    struct symbol_search search = {.name = name};

    elf_file_each_symbol(file, match_symbol, &search);
    *symbol = search.found;
    return search.done;
}

bool elf_file_section(const struct elf_file *file, const char *name, struct elf_section *section)
{
    size_t names;

    if (elf_getshdrstrndx(file->elf, &names) != 0) {
        return false;
    }
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn)) != NULL;) {
        GElf_Shdr s;
        const char *found =
            gelf_getshdr(scn, &s) != NULL ? elf_strptr(file->elf, names, s.sh_name) : NULL;
        if (found == NULL || strcmp(found, name) != 0) {
            continue;
        }
        bool has_bytes = s.sh_type != SHT_NOBITS;
        *section = (struct elf_section){
            .address = s.sh_addr,
            .size = s.sh_size,
            .bytes = has_bytes ? (unsigned char *)file->bytes + s.sh_offset : NULL,
        };
        return !has_bytes || within(file, s.sh_offset, s.sh_size);
    }
    return false;
}

static unsigned char *locate(const struct elf_file *file, uint64_t address, size_t size)
{
    for (size_t i = 0; i < file->segment_count; i++) {
        GElf_Phdr p;
        gelf_getphdr(file->elf, (int)i, &p);
        if (p.p_type == PT_LOAD && address >= p.p_vaddr && size <= p.p_filesz &&
            address - p.p_vaddr <= p.p_filesz - size) {
            return (unsigned char *)file->bytes + p.p_offset + (address - p.p_vaddr);
        }
    }
    return NULL;
}

const void *elf_file_at(const struct elf_file *file, uint64_t address, size_t size)
{
    return locate(file, address, size);
}

bool elf_file_patch(struct elf_file *file, uint64_t address, const void *bytes, size_t size)
{
    unsigned char *at = locate(file, address, size);

    if (at == NULL) {
        return false;
    }
    memcpy(at, bytes, size);
    return true;
}

bool elf_file_save(const struct elf_file *file, const char *path)
{
    FILE *out = fopen(path, "wb");

    if (out == NULL) {
        return false;
    }
    bool written = fwrite(file->bytes, 1, file->size, out) == file->size;
    return fclose(out) == 0 && written;
}
