/* SPDX-License-Identifier: BSD-2-Clause */
/* A line: KIND NAME [ARGUMENT]  # reason. Empty lines and those that begin with # count not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lint.h"

#define MOST 256

static const char *const kinds[] = {"record", "registers", "accessor", "source", "own", "data",
                                    "copy",   "least",     "loop",     "panic",  "more"};

static struct line {
    enum trust trust;
    char name[64];
    int argument;
    unsigned number;
    bool used;
} lines[MOST];
static unsigned count;
static const char *file;

static void malformed(unsigned number, const char *why)
{
    fprintf(stderr, "%s:%u: %s\n", file, number, why);
    exit(2);
}

static enum trust kind_of(const char *word, unsigned number)
{
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(word, kinds[i]) == 0) {
            return (enum trust)i;
        }
    }
    malformed(number, "unknown kind");
    return 0;
}

static void read_line(char *text, unsigned number)
{
    struct line line = {.argument = -1, .number = number};
    char word[16];
    char *reason = strchr(text, '#');

    if (reason == text || text[0] == '\n') {
        return;
    }
    if (reason == NULL || strspn(reason, "# \n") == strlen(reason)) {
        malformed(number, "no reason");
    }
    *reason = '\0';
    if (count == MOST || sscanf(text, "%15s %63s %d", word, line.name, &line.argument) < 2) {
        malformed(number, "not KIND NAME [ARGUMENT]  # reason");
    }
    line.trust = kind_of(word, number);
    lines[count++] = line;
}

void trusted_read(const char *path)
{
    char text[512];
    FILE *in = fopen(path, "r");

    file = path;
    if (in == NULL) {
        malformed(0, "cannot be read");
    }
    for (unsigned number = 1; fgets(text, sizeof text, in) != NULL; number++) {
        read_line(text, number);
    }
    fclose(in);
}

bool trusted(enum trust trust, const char *name, int *argument)
{
    for (unsigned i = 0; i < count; i++) {
        if (lines[i].trust == trust && strcmp(lines[i].name, name) == 0) {
            lines[i].used = true;
            if (argument != NULL) {
                *argument = lines[i].argument;
            }
            return true;
        }
    }
    return false;
}

static const char *here = "";

void trusted_look_at(CXCursor function)
{
    char name[512];
    CXFile in;
    CXString path;

    clang_getFileLocation(clang_getCursorLocation(function), &in, NULL, NULL, NULL);
    path = clang_getFileName(in);
    snprintf(name, sizeof name, "%s:%s", clang_getCString(path), name_of(function));
    clang_disposeString(path);
    here = facts_name(name);
}

bool trusted_here(enum trust trust)
{
    return trusted(trust, here, NULL);
}

unsigned trusted_unused(void)
{
    unsigned unused = 0;

    for (unsigned i = 0; i < count; i++) {
        if (!lines[i].used && lines[i].trust > TRUST_REGISTERS) {
            printf("%s:%u: nothing needs '%s %s'\n", file, lines[i].number, kinds[lines[i].trust],
                   lines[i].name);
            unused += 1;
        }
    }
    return unused;
}
