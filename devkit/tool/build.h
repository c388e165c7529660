/* SPDX-License-Identifier: BSD-2-Clause */
/* From a description and its programs to what the loader loads (parts.h). */
#ifndef DEVKIT_BUILD_H
#define DEVKIT_BUILD_H

#include "description.h"
#include "program.h"

/** Make all parts of the PDs, and what the kernel is told about them. */
struct system *build_system(const struct description *d, const struct program *programs);

/** Make the parts of the kernel. @return its entry, physical */
uint64_t build_kernel(const char *path, const struct system *system);

/** Write the report: where everything is. */
void build_report(const char *path, const struct description *d, const struct program *programs);

#endif
