/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where code could hide from the scan (scan.h), which looks at a program's executable
 * segments as they are in the file: programs that have such places are refused.
 */
#ifndef TOOL_HIDDEN_H
#define TOOL_HIDDEN_H

#include "lib/diag.h"
#include "lib/elf_file.h"

/** Tell an error for each such place in a program for AArch64. */
void hidden_check(const struct elf_file *elf, const char *name, struct place at, const char *who);

#endif
