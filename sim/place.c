/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of a program as places in its sources, by addr2line. */
#include "sim/place.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

/* Code that others call to do the very thing that went wrong. */
static const char *const helpers[] = {"sim/pd/", "include/quoll/mmio.h", "core/panic.c", "??"};

static bool is_helper(const char *file)
{
    for (size_t i = 0; i < sizeof helpers / sizeof helpers[0]; i++) {
        if (strncmp(file, helpers[i], strlen(helpers[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* A path as it is below the directory we run in. */
static const char *shorten(const char *file)
{
    static char here[4096];
    size_t length;

    if (here[0] == '\0' && getcwd(here, sizeof here) == NULL) {
        return file;
    }
    length = strlen(here);
    return strncmp(file, here, length) == 0 && file[length] == '/' ? file + length + 1 : file;
}

/* The innermost place at an address, inlined functions taken apart; false: only helpers. */
static bool place_of(const struct sim_pd *pd, uintptr_t address, char *text, size_t size)
{
    char function[256], line[4200];
    char *command = text_format("addr2line -f -i -e '%s' 0x%lx 2>/dev/null", pd->path,
                                address - pd->program->image_start);
    FILE *pipe = popen(command, "r");
    bool found = false;

    while (pipe != NULL && fgets(function, sizeof function, pipe) != NULL &&
           fgets(line, sizeof line, pipe) != NULL) {
        function[strcspn(function, "\n")] = '\0';
        line[strcspn(line, " \n")] = '\0'; /* "(discriminator 1)" */
        if (!found && !is_helper(shorten(line))) {
            snprintf(text, size, "%s in %s", shorten(line), function);
            found = true;
        }
    }
    if (pipe != NULL) {
        pclose(pipe);
    }
    return found;
}

void place_of_frames(const struct sim_pd *pd, void *const *frames, int count, char *text,
                     size_t size)
{
    snprintf(text, size, "an unknown place");
    for (int i = 0; i < count; i++) {
        uintptr_t address = (uintptr_t)frames[i];
        /* A frame's address is where it returns to; the call is before that. */
        if (address - pd->program->image_start < pd->program->image_size &&
            place_of(pd, address - (i > 0), text, size)) {
            return;
        }
    }
}
