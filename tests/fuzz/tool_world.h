/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Included before each source of a tool that is fuzzed in process: what it says is kept
 * instead of shown, what it takes from the heap and never gives back is freed after each
 * run, and its end is the end of a run (tools.h).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern FILE *tool_messages;
void *tool_malloc(size_t size);
void *tool_calloc(size_t count, size_t size);
void *tool_realloc(void *memory, size_t size);
void *tool_reallocarray(void *memory, size_t count, size_t size);
int tool_vasprintf(char **text, const char *format, va_list list)
    __attribute__((format(printf, 2, 0)));
void tool_free(void *memory);
__attribute__((noreturn)) void tool_exit(int status);

#undef stderr
#define stderr       tool_messages
#define malloc       tool_malloc
#define calloc       tool_calloc
#define realloc      tool_realloc
#define reallocarray tool_reallocarray
#define vasprintf    tool_vasprintf
#define free         tool_free
#define exit         tool_exit

#pragma clang section bss = "zeroed"
