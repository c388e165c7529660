/* SPDX-License-Identifier: BSD-2-Clause */
/* Source: QEMU, docs/specs/fw_cfg: DMA interface; all is big-endian. */
#include "say.h"

#define DMA_ADDRESS 0x10
#define READ        (1U << 1)
#define SELECT      (1U << 3)
#define SIGNATURE   0x0000U

uintptr_t small, large, request, fw_cfg;
uint64_t small_size, large_size, small_paddr, large_paddr, request_paddr;

static void write_signature(uint64_t paddr)
{
    volatile uint32_t *control = (volatile uint32_t *)request;
    volatile uint32_t *length = (volatile uint32_t *)(request + 4);
    volatile uint64_t *address = (volatile uint64_t *)(request + 8);

    *control = __builtin_bswap32(SIGNATURE << 16 | SELECT | READ);
    *length = __builtin_bswap32(4);
    *address = __builtin_bswap64(paddr);
    __asm__ volatile("dsb sy" : : : "memory");
    *(volatile uint64_t *)(fw_cfg + DMA_ADDRESS) = __builtin_bswap64(request_paddr);
    while (*control != 0) {}
}

static unsigned pages_hit(uintptr_t region, uint64_t size, uint64_t paddr)
{
    unsigned hit = 0;

    for (uint64_t at = 0; at < size; at += 0x1000) {
        volatile uint32_t *page = (volatile uint32_t *)(region + at);
        unsigned before = *page;
        write_signature(paddr + at);
        hit += before == 0 && *page == __builtin_bswap32(0x51454d55);
    }
    return hit;
}

void init(void)
{
    say_number("small pages in their place:", pages_hit(small, small_size, small_paddr));
    say_number("large region's in theirs:", pages_hit(large, large_size, large_paddr));
    say_end();
}
