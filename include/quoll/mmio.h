/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one way to touch a device register.
 *
 * Single instructions without write-back, so that a hypervisor or simulator can
 * emulate them. Accesses to one device keep their order (device memory, nGnRnE);
 * towards normal memory that the device reads or writes by DMA, use the fences of
 * <quoll/dma.h>. Registers are little-endian.
 */
#ifndef QUOLL_MMIO_H
#define QUOLL_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/hook.h>
#include <quoll/time.h>

#ifdef __aarch64__
#define MMIO_ACCESSORS(bits, suffix)                                                               \
    static inline uint##bits##_t mmio_read##bits(const volatile uint##bits##_t *at)                \
    {                                                                                              \
        uint32_t value;                                                                            \
        __asm__ volatile("ldr" suffix " %w0, %1" : "=r"(value) : "m"(*at) : "memory");             \
        return (uint##bits##_t)value;                                                              \
    }                                                                                              \
    static inline void mmio_write##bits(volatile uint##bits##_t *at, uint##bits##_t value)         \
    {                                                                                              \
        __asm__ volatile("str" suffix " %w1, %0" : "=m"(*at) : "r"(value) : "memory");             \
    }                                                                                              \
    struct mmio_needs_semicolon
#elif defined(QUOLL_SIM)
#define MMIO_ACCESSORS(bits, suffix)                                                               \
    static inline uint##bits##_t mmio_read##bits(const volatile uint##bits##_t *at)                \
    {                                                                                              \
        return (uint##bits##_t)sim_mmio_read(at, sizeof *at);                                      \
    }                                                                                              \
    static inline void mmio_write##bits(volatile uint##bits##_t *at, uint##bits##_t value)         \
    {                                                                                              \
        sim_mmio_write(at, value, sizeof *at);                                                     \
    }                                                                                              \
    struct mmio_needs_semicolon
#else
#define MMIO_ACCESSORS(bits, suffix)                                                               \
    static inline uint##bits##_t mmio_read##bits(const volatile uint##bits##_t *at)                \
    {                                                                                              \
        return *at;                                                                                \
    }                                                                                              \
    static inline void mmio_write##bits(volatile uint##bits##_t *at, uint##bits##_t value)         \
    {                                                                                              \
        *at = value;                                                                               \
    }                                                                                              \
    struct mmio_needs_semicolon
#endif

MMIO_ACCESSORS(8, "b");
MMIO_ACCESSORS(16, "h");
MMIO_ACCESSORS(32, "");

/** Replace the bits of `mask` by those of `value`. */
static inline void mmio_change32(volatile uint32_t *at, uint32_t mask, uint32_t value)
{
    mmio_write32(at, (mmio_read32(at) & ~mask) | (value & mask));
}

/**
 * Poll until the bits of `mask` equal `value`, at most `timeout` nanoseconds.
 *
 * @return false if the time ran out
 */
static inline bool mmio_wait32(const volatile uint32_t *at, uint32_t mask, uint32_t value,
                               uint64_t timeout)
{
    uint64_t start = quoll_now();

    while ((mmio_read32(at) & mask) != value) {
        if (quoll_now() - start > timeout) {
            return (mmio_read32(at) & mask) == value;
        }
    }
    return true;
}

#endif
