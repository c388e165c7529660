/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cache maintenance by address to the point of coherency (Arm ARM C5.3 "DC CVAC",
 * "DC CIVAC"). User level may not invalidate without cleaning, hence CIVAC.
 */
#include <quoll/dma.h>

#ifdef __aarch64__
#define CACHE_LINE_OP(op, line) __asm__ volatile("dc " op ", %0" : : "r"(line) : "memory")
#define CACHE_DONE()            __asm__ volatile("dsb sy" : : : "memory")
#else /* the host is coherent */
#define CACHE_LINE_OP(op, line) ((void)(line))
#define CACHE_DONE()            DMA_FENCE()
#endif

#define EACH_LINE(line, start, size)                                                               \
    (uintptr_t line = (uintptr_t)(start) & ~(uintptr_t)(QUOLL_CACHE_LINE - 1U);                    \
     line < (uintptr_t)(start) + (size); line += QUOLL_CACHE_LINE)

void cache_clean(const void *start, size_t size)
{
    for
        EACH_LINE(line, start, size)
        {
            CACHE_LINE_OP("cvac", line);
        }
    CACHE_DONE();
}

void cache_invalidate(const void *start, size_t size)
{
    for
        EACH_LINE(line, start, size)
        {
            CACHE_LINE_OP("civac", line);
        }
    CACHE_DONE();
}
