/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatting and the log.
 *
 * Our own formatter, small as it is, because the C library's saves the floating
 * point registers of every variadic call: in a driver that would mean a trap per
 * message and five per packet from then on (DESIGN, section 7).
 */
#include <stdbool.h>
#include <string.h>

#include <quoll/config.h>
#include <quoll/log.h>
#include <quoll/microkit.h>

static void (*sink)(const char *text, size_t length);

struct output {
    char *at;
    char *end; /* one past the last character that may be written */
};

struct conversion {
    char kind;
    char pad;
    unsigned width;
    unsigned longs; /* of 'l'; 'z' counts as one */
};

static void put(struct output *out, char character)
{
    if (out->at < out->end) {
        *out->at++ = character;
    }
}

static void put_text(struct output *out, const struct conversion *c, const char *text,
                     size_t length)
{
    for (size_t n = length; n < c->width; n++) {
        put(out, ' ');
    }
    while (length-- > 0) {
        put(out, *text++);
    }
}

static void put_number(struct output *out, const struct conversion *c, uint64_t value,
                       bool negative)
{
    char digits[24];
    unsigned base = c->kind == 'x' || c->kind == 'p' ? 16 : 10;
    unsigned n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    unsigned length = n + negative;

    if (negative && c->pad == '0') {
        put(out, '-');
    }
    for (; length < c->width; length++) {
        put(out, c->pad);
    }
    if (negative && c->pad != '0') {
        put(out, '-');
    }
    while (n > 0) {
        put(out, digits[--n]);
    }
}

static const char *parse(const char *format, struct conversion *c)
{
    *c = (struct conversion){.pad = ' '};
    if (*format == '0') {
        c->pad = '0';
        format++;
    }
    for (; *format >= '0' && *format <= '9'; format++) {
        c->width = c->width * 10U + (unsigned)(*format - '0');
    }
    for (; *format == 'l' || *format == 'z'; format++) {
        c->longs++;
    }
    c->kind = *format;
    return *format == '\0' ? format : format + 1;
}

static void put_signed(struct output *out, const struct conversion *c, int64_t value)
{
    put_number(out, c, value < 0 ? 0U - (uint64_t)value : (uint64_t)value, value < 0);
}

/* A macro, since a va_list may not be used on after it was passed to a function. */
#define NEXT_INTEGER(c, arguments, small, large)                                                   \
    ((c)->longs > 0 ? va_arg(arguments, large) : va_arg(arguments, small))

size_t quoll_vformat(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct output out = {.at = buffer, .end = buffer + size - 1};

    while (*format != '\0') {
        if (*format != '%') {
            put(&out, *format++);
            continue;
        }
        struct conversion c;
        const char *text;
        char character;

        format = parse(format + 1, &c);
        switch (c.kind) {
        case 's':
            text = va_arg(arguments, const char *);
            text = text == NULL ? "(null)" : text;
            put_text(&out, &c, text, strlen(text));
            break;
        case 'c':
            character = (char)va_arg(arguments, int);
            put_text(&out, &c, &character, 1);
            break;
        case 'd':
        case 'i':
            put_signed(&out, &c, NEXT_INTEGER(&c, arguments, int, long));
            break;
        case 'u':
        case 'x':
            put_number(&out, &c, NEXT_INTEGER(&c, arguments, unsigned, unsigned long), false);
            break;
        case 'p':
            put_number(&out, &c, (uintptr_t)va_arg(arguments, void *), false);
            break;
        default:
            put(&out, c.kind);
            break;
        }
    }
    *out.at = '\0';
    return (size_t)(out.at - buffer);
}

size_t quoll_format(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    size_t length = quoll_vformat(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

void quoll_log_to(void (*new_sink)(const char *text, size_t length))
{
    sink = new_sink;
}

void quoll_log(const char *format, ...)
{
    char line[LOG_LINE_SIZE];
    va_list arguments;
    size_t length = quoll_format(line, sizeof line - 1, "%s: ", quoll_config.name);

    if (sink != NULL) {
        length = 0; /* the console names its clients itself */
    }
    va_start(arguments, format);
    length += quoll_vformat(line + length, sizeof line - 1 - length, format, arguments);
    va_end(arguments);
    line[length++] = '\n';
    line[length] = '\0';
    if (sink != NULL) {
        sink(line, length);
    } else {
        microkit_dbg_puts(line);
    }
}
