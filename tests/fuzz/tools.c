/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE /* memfd_create, vasprintf */
#include <ctype.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "tools.h"

FILE *tool_messages;

/* ---- Memory: a list of all that was not freed ---- */

struct block {
    alignas(max_align_t) struct block *next;
    struct block **from;
    size_t size;
};

static struct block *blocks;

static void *insert(struct block *block, size_t size)
{
    FUZZ_CHECK(block != NULL);
    block->size = size;
    block->next = blocks;
    block->from = &blocks;
    if (blocks != NULL) {
        blocks->from = &block->next;
    }
    blocks = block;
    return block + 1;
}

void *tool_malloc(size_t size);
void *tool_malloc(size_t size)
{
    return insert(malloc(sizeof(struct block) + size), size);
}

void *tool_calloc(size_t count, size_t size);
void *tool_calloc(size_t count, size_t size)
{
    FUZZ_CHECK(size == 0 || count <= (SIZE_MAX / 2) / size);
    return memset(tool_malloc(count * size), 0, count * size);
}

void tool_free(void *memory);
void tool_free(void *memory)
{
    struct block *block = (struct block *)memory - 1;

    if (memory == NULL) {
        return;
    }
    *block->from = block->next;
    if (block->next != NULL) {
        block->next->from = block->from;
    }
    free(block);
}

void *tool_realloc(void *memory, size_t size);
void *tool_realloc(void *memory, size_t size)
{
    void *larger = tool_malloc(size);

    if (memory != NULL) {
        size_t old = ((struct block *)memory - 1)->size;

        memcpy(larger, memory, old < size ? old : size);
        tool_free(memory);
    }
    return larger;
}

void *tool_reallocarray(void *memory, size_t count, size_t size);
void *tool_reallocarray(void *memory, size_t count, size_t size)
{
    FUZZ_CHECK(size == 0 || count <= (SIZE_MAX / 2) / size);
    return tool_realloc(memory, count * size);
}

int tool_vasprintf(char **text, const char *format, va_list list)
    __attribute__((format(printf, 2, 0)));
int tool_vasprintf(char **text, const char *format, va_list list)
{
    va_list again;

    va_copy(again, list);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    *text = tool_malloc((size_t)length + 1U);
    return vsnprintf(*text, (size_t)length + 1U, format, list);
}

void tool_keep(void)
{
    blocks = NULL;
}

static void free_all(void)
{
    while (blocks != NULL) {
        tool_free(blocks + 1);
    }
}

/* ---- Files ---- */

const char *tool_file(const uint8_t *data, size_t size)
{
    static char path[32];
    static int file = -1;

    if (file < 0) {
        file = memfd_create("input", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    FUZZ_CHECK(file >= 0 && ftruncate(file, (off_t)size) == 0);
    FUZZ_CHECK(pwrite(file, data, size, 0) == (ssize_t)size);
    return path;
}

/* Line feed and return; the last bytes of NEL, LS and PS. */
unsigned tool_lines(const uint8_t *data, size_t size)
{
    unsigned lines = 1;

    for (size_t i = 0; i < size; i++) {
        lines += data[i] == '\n' || data[i] == '\r' || data[i] == 0x85 || (data[i] | 1U) == 0xa9;
    }
    return lines;
}

/* ---- Runs ---- */

static jmp_buf end;

__attribute__((noreturn)) void tool_exit(int status);
__attribute__((noreturn)) void tool_exit(int status)
{
    (void)status;
    longjmp(end, 1);
}

/* "path: ", or "path:line:column: " with both in the file; its end may be a line of its own. */
static void check_place(const char *message, const char *path, unsigned lines)
{
    size_t length = strlen(path);
    unsigned line = 1, column = 1;
    int used = 0;

    if (strncmp(message, path, length) != 0 || message[length] != ':') {
        fprintf(stderr, "no place in: %s\n", message);
        FUZZ_CHECK(false);
    }
    message += length + 1;
    if (isdigit((unsigned char)*message)) {
        sscanf(message, "%u:%u%n", &line, &column, &used);
        FUZZ_CHECK(used > 0);
        message += used + 1;
        if (line < 1 || line > lines + 1 || column < 1) {
            fprintf(stderr, "of %u lines: %s\n", lines, message);
            FUZZ_CHECK(false);
        }
    }
    FUZZ_CHECK(*message == ' ');
}

static unsigned check_messages(const char *messages, const char *path, unsigned lines)
{
    unsigned number = 0;

    for (const char *line = messages; *line != '\0'; line = strchr(line, '\n') + 1) {
        FUZZ_CHECK(strchr(line, '\n') != NULL);
        if (strncmp(line, "  ", 2) != 0) {
            check_place(line, path, lines);
            number += 1;
        }
    }
    return number;
}

unsigned tool_run(void (*body)(const char *path), const char *path, unsigned lines)
{
    static char text[1U << 20];

    fuzz_zero();
    text[0] = '\0';
    tool_messages = fmemopen(text, sizeof text, "w");
    FUZZ_CHECK(tool_messages != NULL);
    if (setjmp(end) == 0) {
        body(path);
    }
    fclose(tool_messages);
    free_all();
    return check_messages(text, path, lines);
}
