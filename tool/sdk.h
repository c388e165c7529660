/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Microkit SDK that turns our files into an image.
 */
#ifndef TOOL_SDK_H
#define TOOL_SDK_H

#include <stdbool.h>
#include <stdint.h>

struct sdk {
    const char *path;
    const char *version;
    const char *config;
    uint64_t stack_top;  /* of every protection domain: differs between versions */
    bool is_development; /* Quoll's own kernel, not seL4 */
    bool is_host;        /* no SDK at all: for the simulator, which runs programs of this machine */
};

#define SDK_HOST "host" /* instead of a path: for the simulator */

/** Find out what an SDK is. Errors are told: not an SDK, not a version that works. */
struct sdk sdk_open(const char *path, const char *config);

/** Whether the SDK supports the board; told as an error if not. */
bool sdk_has_board(const struct sdk *sdk, const char *board);

/**
 * Run the Microkit's tool on DIRECTORY/system.system. What it says is shown, as an
 * error, if it fails.
 */
bool sdk_run(const struct sdk *sdk, const char *board, const char *directory);

#endif
