/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include "diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void *text_alloc(size_t count, size_t size)
{
    void *memory = calloc(count != 0 ? count : 1, size != 0 ? size : 1);

    if (memory == NULL) {
        diag_fatal("out of memory");
    }
    return memory;
}

void *text_grow(void *array, size_t count, size_t size)
{
    void *memory = reallocarray(array, count, size);

    if (memory == NULL) {
        diag_fatal("out of memory");
    }
    return memory;
}

char *text_format(const char *format, ...)
{
    va_list list;
    char *text = NULL;

    va_start(list, format);
    int length = vasprintf(&text, format, list);
    va_end(list);
    if (length < 0) {
        diag_fatal("out of memory");
    }
    return text;
}

char *text_copy(const char *bytes, size_t length)
{
    char *copy = text_alloc(length + 1, 1);

    memcpy(copy, bytes, length);
    return copy;
}

char *text_file(const char *path, size_t *size)
{
    struct stat about;
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        return NULL;
    }
    if (fstat(fileno(file), &about) != 0 || !S_ISREG(about.st_mode)) {
        fclose(file);
        errno = EINVAL;
        return NULL;
    }
    char *bytes = text_alloc((size_t)about.st_size + 1, 1);
    *size = fread(bytes, 1, (size_t)about.st_size, file);
    fclose(file);
    return bytes;
}

static int is_file(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

char *text_find_file(const char *name, const char *const *directories, size_t count)
{
    if (name[0] == '/') {
        return is_file(name) ? text_format("%s", name) : NULL;
    }
    for (size_t i = 0; i < count; i++) {
        char *path = text_format("%s/%s", directories[i], name);
        if (is_file(path)) {
            return path;
        }
        free(path);
    }
    return NULL;
}
