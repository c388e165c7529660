/* SPDX-License-Identifier: BSD-2-Clause */
#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/text.h"

#define IMAGE "loader.img"

static const char *final; /* NULL: nothing to clean up */
static char *temporary;
static bool made_final;

static bool is_special(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Call `act` for each file of the temporary directory. */
static void each_file(void (*act)(const char *name))
{
    DIR *directory = opendir(temporary);

    if (directory == NULL) {
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (!is_special(entry->d_name)) {
            act(entry->d_name);
        }
    }
    closedir(directory);
}

static void remove_file(const char *name)
{
    unlink(text_format("%s/%s", temporary, name));
}

static void clean_up(void)
{
    if (final == NULL) {
        return;
    }
    each_file(remove_file);
    rmdir(temporary);
    if (made_final) {
        rmdir(final); /* only if it is still empty */
    }
}

const char *output_begin(const char *directory)
{
    made_final = mkdir(directory, 0777) == 0;
    if (!made_final && errno != EEXIST) {
        diag_fatal("%s: %s", directory, strerror(errno));
    }
    temporary = text_format("%s/.quoll-XXXXXX", directory);
    if (mkdtemp(temporary) == NULL) {
        diag_fatal("%s: %s", directory, strerror(errno));
    }
    final = directory;
    atexit(clean_up);
    return temporary;
}

FILE *output_open(const char *name)
{
    FILE *file = fopen(text_format("%s/%s", temporary, name), "w");

    if (file == NULL) {
        diag_fatal("%s/%s: %s", temporary, name, strerror(errno));
    }
    return file;
}

void output_close(FILE *file, const char *name)
{
    bool failed = ferror(file) != 0;

    if (fclose(file) != 0 || failed) {
        diag_fatal("%s/%s: %s", temporary, name, strerror(errno));
    }
}

static void move_file(const char *name)
{
    const char *to = text_format("%s/%s", final, name);

    if (rename(text_format("%s/%s", temporary, name), to) != 0) {
        diag_fatal("%s: %s", to, strerror(errno));
    }
}

static void move_unless_image(const char *name)
{
    if (strcmp(name, IMAGE) != 0) {
        move_file(name);
    }
}

void output_commit(void)
{
    unlink(text_format("%s/%s", final, IMAGE));
    each_file(move_unless_image);
    each_file(move_file); /* what is left: the image, if there is one */
    made_final = false;
}
