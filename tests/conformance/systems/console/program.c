/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    unsigned length = 0;

    while (microkit_name[length] != '\0') {
        length++;
    }
    say_number("length of the name:", length);
    microkit_dbg_puts("| ");
    microkit_dbg_putc('c');
    microkit_dbg_putc(' ');
    microkit_dbg_put8(0);
    microkit_dbg_putc(' ');
    microkit_dbg_put8(255);
    microkit_dbg_putc(' ');
    microkit_dbg_put32(0);
    microkit_dbg_putc(' ');
    microkit_dbg_put32(4294967295);
    microkit_dbg_putc('\n');
    say_end();
}
