/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a program can stop the CPU's physical timer, on which all timeouts of the
 * system depend: any program may write its registers, and no kernel option of the
 * Microkit forbids it.
 */
#ifndef TOOL_SCAN_H
#define TOOL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/elf_file.h"

struct timer_write {
    uint64_t address;
    const char *register_name; /* "CNTP_CTL_EL0" */
};

/**
 * Look for the first instruction that writes a CNTP register. A64 instructions are
 * aligned words, no segment is both writable and executable (program_check()), and there
 * are no places to hide in (hidden_check()): what is not found is not there.
 */
bool scan_for_timer_write(const struct elf_file *elf, struct timer_write *found);

/** The same for bytes that will lie at `address`. */
bool scan_words(const void *bytes, uint64_t size, uint64_t address, struct timer_write *found);

/** The function that holds an address, as "name + 0x10"; NULL if no symbol covers it. */
const char *scan_symbol(const struct elf_file *elf, uint64_t address);

#endif
