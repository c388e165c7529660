/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of ELF files, and what looks through programs with it: segments, symbols and
 * sections of an accepted file lie within it, and a program is refused with a reason.
 */
#include <elf.h>
#include <string.h>

#include "fuzz.h"
#include "tools.h"

#include "tool/lib/elf_file.h"
#include "tool/program.h"

/* Every byte is there: AddressSanitizer sees if not. */
static void touch(const unsigned char *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        (void)*(const volatile unsigned char *)&bytes[i];
    }
}

static bool look_up(void *context, const char *name, struct elf_symbol symbol)
{
    struct elf_file *elf = context;
    struct elf_symbol found;
    const unsigned char *bytes = elf_file_at(elf, symbol.address, symbol.size);

    FUZZ_CHECK(name[0] != '\0' && elf_file_symbol(elf, name, &found));
    if (bytes != NULL) {
        touch(bytes, symbol.size);
        FUZZ_CHECK(elf_file_patch(elf, symbol.address, bytes, symbol.size));
    }
    return true;
}

static void look_through(struct elf_file *elf)
{
    struct elf_segment segments[8];
    struct elf_section section;
    size_t count = elf_file_segments(elf, segments, 8);

    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(segments[i].file_size <= segments[i].memory_size);
        touch(segments[i].bytes, segments[i].file_size);
    }
    if (elf_file_section(elf, ".quoll_driver", &section) && section.bytes != NULL) {
        touch(section.bytes, section.size);
    }
    elf_file_each_symbol(elf, look_up, elf);
}

static void read_file(const char *path)
{
    const char *why;
    struct elf_file *elf = elf_file_open(path, &why);
    struct program program = {"input", path, EM_AARCH64};

    FUZZ_CHECK((elf == NULL) == (why != NULL));
    if (elf != NULL) {
        look_through(elf);
        elf_file_close(elf);
    }
    program_check(&program, false, (struct place){path, 0, 0}, "input");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)tool_run(read_file, tool_file(data, size), 0);
    return 0;
}
