/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>

#include <quoll/error.h>

const char *quoll_error_name(enum quoll_error error)
{
    static const char *const names[] = {
        "ok",          "invalid",   "denied",  "busy",  "timed out", "I/O error",
        "unsupported", "not found", "corrupt", "reset", "down",
    };
    size_t index = (size_t) - (long)error;

    return index < sizeof names / sizeof names[0] ? names[index] : "unknown error";
}
