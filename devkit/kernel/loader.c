/* SPDX-License-Identifier: BSD-2-Clause */
#include "image.h"

#include <stdint.h>

#define UART_DR ((volatile uint32_t *)UART_PHYSICAL)

extern const struct loader_table loader_table;

static _Noreturn void stop(const char *why)
{
    for (; *why != '\0'; why++) {
        *UART_DR = (unsigned char)*why;
    }
    for (;;) {
        __asm__ volatile("wfi");
    }
}

/* Sizes and places are multiples of 8: the tool sees to that. */
static void place(const struct loader_part *part)
{
    volatile uint64_t *to = (volatile uint64_t *)part->to;
    const uint64_t *from = (const uint64_t *)(IMAGE_BASE + part->from);

    for (uint64_t n = part->size / 8; n != 0; n--) {
        *to++ = *from++;
    }
    for (uint64_t n = part->zero / 8; n != 0; n--) {
        *to++ = 0;
    }
}

/* The kernel's entry is returned. */
uint64_t loader_place(uint64_t exception_level)
{
    if (exception_level != 2) {
        stop("loader: must start at EL2 (qemu -machine virt,virtualization=on)\r\n");
    }
    if (loader_table.magic != LOADER_MAGIC) {
        stop("loader: the image is damaged\r\n");
    }
    for (uint64_t i = 0; i < loader_table.count; i++) {
        place(&loader_table.parts[i]);
    }
    return loader_table.entry;
}
