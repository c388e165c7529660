/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one log format: "name: text", a line per call.
 *
 * Where it goes: to the console link once a client has one (serial_client.h sets
 * the sink), else to the kernel's debug output, which only the debug configuration
 * has. Drivers and virtualisers therefore speak in debug configurations, and count
 * in all.
 */
#ifndef QUOLL_LOG_H
#define QUOLL_LOG_H

#include <stdarg.h>
#include <stddef.h>

#define LOG_LINE_SIZE 160U /* longer lines are cut */

/**
 * Print a line. Conversions: %s %c %d %i %u %x %p %%, with 'l', 'll', 'z', a width
 * and zero-padding; no floating point.
 */
__attribute__((format(printf, 1, 2))) void quoll_log(const char *format, ...);

/**
 * Format into `buffer` like snprintf, with the conversions above.
 *
 * @return characters written without the NUL; never more than size - 1
 */
__attribute__((format(printf, 3, 4))) size_t quoll_format(char *buffer, size_t size,
                                                          const char *format, ...);
size_t quoll_vformat(char *buffer, size_t size, const char *format, va_list arguments);

/** Send later lines to `sink` instead (whole lines with '\n'); NULL: debug output. */
void quoll_log_to(void (*sink)(const char *text, size_t length));

#endif
