/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's words on the first UART (PL011), which a driver PD may share: so it is
 * only ever written, never set up, and a UART that does not drain costs a line, not
 * the system.
 */
#include "kernel.h"

#include <stdarg.h>

#define UART_DR  ((volatile uint32_t *)(KERNEL_OFFSET + UART_PHYSICAL + 0x00))
#define UART_FR  ((volatile uint32_t *)(KERNEL_OFFSET + UART_PHYSICAL + 0x18))
#define FR_TXFF  (1U << 5)
#define PATIENCE 100000

void console_put(char c)
{
    for (unsigned n = 0; n < PATIENCE && (*UART_FR & FR_TXFF); n++) {}
    *UART_DR = (unsigned char)c;
}

static void put_text(const char *text)
{
    for (; *text != '\0'; text++) {
        console_put(*text);
    }
}

static void put_number(uint64_t value, unsigned base)
{
    char digits[21];
    unsigned at = sizeof digits;

    digits[--at] = '\0';
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    put_text(&digits[at]);
}

void console_print(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            console_put(*format);
            continue;
        }
        switch (*++format) {
        case 's':
            put_text(va_arg(list, const char *));
            break;
        case 'u':
            put_number(va_arg(list, uint64_t), 10);
            break;
        default:
            put_text("0x");
            put_number(va_arg(list, uint64_t), 16);
            break;
        }
    }
    va_end(list);
}
