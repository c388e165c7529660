/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line.
 */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"

struct disk_image {
    const char *device;
    const char *path;
};

struct options {
    bool writes; /* build, not check */
    const char *description;
    const char *dtb;
    const char *sdk;
    const char *config;
    const char *output;
    LIST(const char *) programs;
    LIST(struct disk_image) disks;
    bool shuffles;
    uint64_t seed;
};

/** Read the command line. Ends the tool with a message if it is wrong or asks for help. */
struct options options_read(int argc, char **argv);

#endif
