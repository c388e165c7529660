/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a CPU and a device that moves data by itself need of each other: order and
 * caches.
 *
 * Fences are for memory that a device shares (rings); device memory itself is
 * ordered by mmio.h. On AArch64 they span the outer shareable domain, where
 * devices are (Arm ARM B2.3 "Memory barriers"). Cache operations are for data of
 * devices that do not see the CPU's caches; whoever owns the buffer calls them only
 * if the region's configuration says coherent = 0.
 */
#ifndef QUOLL_DMA_H
#define QUOLL_DMA_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Every Armv8-A core that seL4 runs on; also the alignment of DMA buffers. */
#define QUOLL_CACHE_LINE 64U

#ifdef __aarch64__
#define DMA_FENCE(kind) __asm__ volatile("dmb " kind : : : "memory")
#else
#define DMA_FENCE(kind) atomic_thread_fence(memory_order_seq_cst)
#endif

/** What was written before is seen by the device before what is written after. */
static inline void dma_fence_write(void)
{
    DMA_FENCE("oshst");
}

/** What is read after was written by the device before what was read before. */
static inline void dma_fence_read(void)
{
    DMA_FENCE("oshld");
}

/** Writes before are seen before reads after are done; between a publish and a look. */
static inline void dma_fence_full(void)
{
    DMA_FENCE("osh");
}

/** Before the device reads [start, start + size): write dirty lines back. */
void cache_clean(const void *start, size_t size);

/**
 * Before the CPU reads what the device wrote into [start, start + size): drop old
 * lines. The buffer must be aligned to cache lines at both ends. Dirty lines would
 * be written back, so the owner cleans the buffer before it gives it to the device.
 */
void cache_invalidate(const void *start, size_t size);

#endif
