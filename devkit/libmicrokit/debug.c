/* SPDX-License-Identifier: BSD-2-Clause */
/* The debug console, and what is said there about a PD's mistakes. */
#include <microkit.h>

void microkit_dbg_putc(int c)
{
#ifdef CONFIG_PRINTING
    seL4_DebugPutChar((char)c);
#else
    (void)c;
#endif
}

void microkit_dbg_puts(const char *s)
{
    for (; *s != '\0'; s++) {
        microkit_dbg_putc(*s);
    }
}

void microkit_dbg_put32(seL4_Uint32 x)
{
    char digits[11];
    unsigned at = sizeof digits;

    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + x % 10);
        x /= 10;
    } while (x != 0);
    microkit_dbg_puts(&digits[at]);
}

void microkit_dbg_put8(seL4_Uint8 x)
{
    microkit_dbg_put32(x);
}

void microkit_internal_refuse(microkit_channel ch, const char *function)
{
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(" ");
    microkit_dbg_puts(function);
    microkit_dbg_puts(": invalid channel given '");
    microkit_dbg_put32(ch);
    microkit_dbg_puts("'\n");
}

/* What assert() of a C library's header calls. */
void __assert_fail(const char *expression, const char *file, int line, const char *function)
{
    (void)line;
    microkit_dbg_puts("assert failed: ");
    microkit_dbg_puts(expression);
    microkit_dbg_puts(" ");
    microkit_dbg_puts(file);
    microkit_dbg_puts(" ");
    microkit_dbg_puts(function);
    microkit_dbg_puts("\n");
}
