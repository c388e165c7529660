/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <stdio.h>

#include "model.h"

/** Write system.json: the composed system for other programs. */
void json_write(const struct system *system, FILE *out);

#endif
