/* SPDX-License-Identifier: BSD-2-Clause */
#include "diag.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *tool = "tool";
static unsigned errors;

void diag_tool(const char *name)
{
    tool = name;
}

static void print_place(struct place at)
{
    if (at.file == NULL) {
        fprintf(stderr, "%s: ", tool);
    } else if (at.line == 0) {
        fprintf(stderr, "%s: ", at.file);
    } else {
        fprintf(stderr, "%s:%u:%u: ", at.file, at.line, at.column);
    }
}

/* What a file says may not end our lines, nor speak to the terminal (C1 controls are c2 80 to c2
 * 9f). */
static void print_plain(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        bool c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;

        c += c1;
        if (*c < ' ' || *c == 0x7f || c1) {
            fprintf(stderr, "\\x%02x", *c);
        } else {
            fputc(*c, stderr);
        }
    }
}

static void print_line(const char *format, va_list list)
{
    char *text = NULL;

    if (vasprintf(&text, format, list) < 0) {
        diag_fatal("out of memory");
    }
    print_plain(text);
    fputc('\n', stderr);
    free(text);
}

void diag_error(struct place at, const char *format, ...)
{
    va_list list;

    errors++;
    print_place(at);
    va_start(list, format);
    print_line(format, list);
    va_end(list);
}

void diag_warning(struct place at, const char *format, ...)
{
    va_list list;

    print_place(at);
    fputs("warning: ", stderr);
    va_start(list, format);
    print_line(format, list);
    va_end(list);
}

void diag_hint(const char *format, ...)
{
    va_list list;

    fputs("  ", stderr);
    va_start(list, format);
    print_line(format, list);
    va_end(list);
}

void diag_fatal(const char *format, ...)
{
    va_list list;

    fprintf(stderr, "%s: ", tool);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    exit(1);
}

unsigned diag_errors(void)
{
    return errors;
}

#define LONGEST_NAME 64

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein's distance, one row of the table at a time. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[LONGEST_NAME + 1];
    size_t width = strlen(b);

    if (width > LONGEST_NAME) {
        return LONGEST_NAME;
    }
    for (unsigned j = 0; j <= width; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= width; j++) {
            unsigned above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[width];
}

const char *diag_nearest(const char *given, const char *const *names, size_t count)
{
    const char *best = NULL;
    unsigned best_distance = 3;

    for (size_t i = 0; i < count; i++) {
        unsigned d = distance(given, names[i]);
        if (d < best_distance && 2 * d < strlen(names[i])) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}
