/* SPDX-License-Identifier: BSD-2-Clause */
#include "elf_file.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

struct file {
    int descriptor;
    Elf *elf;
};

static struct file open_elf(const char *path)
{
    struct file file = {.descriptor = open(path, O_RDONLY)};

    elf_version(EV_CURRENT);
    file.elf = file.descriptor < 0 ? NULL : elf_begin(file.descriptor, ELF_C_READ, NULL);
    if (file.elf == NULL || elf_kind(file.elf) != ELF_K_ELF) {
        die("%s is not an ELF file", path);
    }
    return file;
}

static void close_elf(struct file *file)
{
    elf_end(file->elf);
    close(file->descriptor);
}

static int by_address(const void *a, const void *b)
{
    const struct elf_symbol *x = a, *y = b;

    return x->address < y->address ? -1 : x->address > y->address;
}

/* Not objects, sections, files or the assembler's mapping symbols ($x, $d). */
static bool is_code(const GElf_Sym *symbol, const char *name)
{
    unsigned type = GELF_ST_TYPE(symbol->st_info);

    return (type == STT_FUNC || type == STT_NOTYPE) && symbol->st_shndx != SHN_UNDEF &&
           symbol->st_shndx != SHN_ABS && name != NULL && name[0] != '\0' && name[0] != '$';
}

static Elf_Scn *symbol_table(Elf *elf, GElf_Shdr *header)
{
    Elf_Scn *section = NULL;

    while ((section = elf_nextscn(elf, section)) != NULL) {
        if (gelf_getshdr(section, header) != NULL && header->sh_type == SHT_SYMTAB) {
            return section;
        }
    }
    return NULL;
}

struct elf_symbol *elf_functions(const char *path)
{
    struct file file = open_elf(path);
    GElf_Shdr header;
    Elf_Scn *section = symbol_table(file.elf, &header);
    Elf_Data *data = section == NULL ? NULL : elf_getdata(section, NULL);
    size_t number = data == NULL ? 0 : header.sh_size / header.sh_entsize, found = 0;
    struct elf_symbol *functions = calloc(number + 1, sizeof *functions);
    GElf_Sym symbol;

    for (size_t i = 0; i < number; i++) {
        gelf_getsym(data, (int)i, &symbol);
        const char *name = elf_strptr(file.elf, header.sh_link, symbol.st_name);

        if (is_code(&symbol, name)) {
            functions[found++] = (struct elf_symbol){symbol.st_value, strdup(name)};
        }
    }
    qsort(functions, found, sizeof *functions, by_address);
    close_elf(&file);
    return functions;
}

static void free_functions(struct elf_symbol *functions)
{
    for (struct elf_symbol *f = functions; f->name != NULL; f++) {
        free(f->name);
    }
    free(functions);
}

uint64_t elf_address(const char *path, const char *const names[])
{
    struct elf_symbol *functions = elf_functions(path);
    uint64_t address = 0;

    for (; *names != NULL && address == 0; names++) {
        for (struct elf_symbol *f = functions; f->name != NULL && address == 0; f++) {
            address = strcmp(f->name, *names) == 0 ? f->address : 0;
        }
    }
    free_functions(functions);
    return address;
}

size_t elf_segments(const char *path, struct elf_range *ranges, size_t most)
{
    struct file file = open_elf(path);
    GElf_Phdr header;
    size_t found = 0;

    for (int i = 0; found < most && gelf_getphdr(file.elf, i, &header) != NULL; i++) {
        if (header.p_type == PT_LOAD) {
            ranges[found++] = (struct elf_range){header.p_vaddr, header.p_vaddr + header.p_memsz};
        }
    }
    close_elf(&file);
    return found;
}
