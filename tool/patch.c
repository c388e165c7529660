/* SPDX-License-Identifier: BSD-2-Clause */
#include "patch.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "lib/elf_file.h"
#include "lib/text.h"
#include "scan.h"

static struct elf_file *open_program(const struct pd *pd)
{
    const char *why;
    struct elf_file *elf = elf_file_open(pd->program->path, &why);

    if (elf == NULL) {
        diag_fatal("%s has changed: it is %s", pd->program->path, why);
    }
    return elf;
}

/*
 * The linker puts constants next to the code, so the configuration can be executed. Of
 * what the composer writes there, a MAC address could be an instruction.
 */
static void check_config(const struct pd *pd, const struct elf_file *elf, struct place at)
{
    struct elf_symbol symbol;
    struct timer_write found;

    if (elf_file_machine(elf) == EM_AARCH64 && elf_file_symbol(elf, "quoll_config", &symbol) &&
        scan_words(&pd->config, sizeof pd->config, symbol.address, &found)) {
        diag_error(at, "%s: its configuration holds the bytes of an instruction that writes %s",
                   pd->name, found.register_name);
        diag_hint("choose another MAC address");
    }
}

void patch_check(const struct pd *pd, struct place at)
{
    struct elf_file *elf = open_program(pd);
    struct elf_symbol symbol;

    for (size_t i = 0; i < pd->io.count; i++) {
        const char *name = text_format("quoll_io_%zu", i);
        if (i >= QUOLL_MAX_IO || !elf_file_symbol(elf, name, &symbol)) {
            diag_error(at, "%s: %s has no symbol '%s' for the I/O address of %s", pd->name,
                       pd->program->name, name, pd->io.items[i]->name);
            diag_hint("is it linked with Quoll's core?");
            break;
        }
    }
    check_config(pd, elf, at);
    elf_file_close(elf);
}

void patch_program(const struct pd *pd, const char *path)
{
    struct elf_file *elf = open_program(pd);
    struct elf_symbol symbol;

    if (!elf_file_symbol(elf, "quoll_config", &symbol) ||
        !elf_file_patch(elf, symbol.address, &pd->config, sizeof pd->config)) {
        diag_fatal("%s has changed: its 'quoll_config' is gone", pd->program->path);
    }
    if (!elf_file_save(elf, path)) {
        diag_fatal("%s: %s", path, strerror(errno));
    }
    elf_file_close(elf);
}
