/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOL_SYSTEM_FILE_H
#define TOOL_SYSTEM_FILE_H

#include <stdio.h>

#include "model.h"

/** Write the Microkit's system file, with nothing left to defaults. */
void system_file_write(const struct system *system, FILE *out);

#endif
