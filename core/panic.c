/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>

#include <quoll/log.h>
#include <quoll/microkit.h>
#include <quoll/panic.h>

void quoll_panic(const char *format, ...)
{
    char line[LOG_LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    quoll_vformat(line, sizeof line, format, arguments);
    va_end(arguments);
    quoll_log("panic: %s", line);
    __builtin_trap();
}
