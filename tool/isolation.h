/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOL_ISOLATION_H
#define TOOL_ISOLATION_H

#include <stdio.h>

#include "model.h"

/** Write isolation.txt: who may reach what. Read off the composed system, not the tables. */
void isolation_write(const struct system *system, FILE *out);

#endif
