/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every access of a program to memory, seen before it happens: the compiler is asked to
 * report it (-fsanitize=thread) and the functions it calls are these, not those of the
 * thread sanitizer. The program's own image and stack are let through; anything else is
 * the simulator's to judge. So the sources need no marks, and a preemption can come
 * between any two accesses that another protection domain could see.
 *
 * -fsanitize-coverage=trace-pc likewise reports each basic block, which is how time
 * passes in the simulator, loops that touch no memory included.
 */
#include <stdatomic.h>
#include <stddef.h>

#include "sim/pd/abi.h"

extern struct sim_program sim_program;

/* What the compiler calls; it declares them itself. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static inline void check(const volatile void *at, uint64_t size, unsigned kind)
{
    uintptr_t address = (uintptr_t)at;

    if (address - sim_program.stack_start >= sim_program.stack_size &&
        address - sim_program.image_start >= sim_program.image_size) {
        sim_access(at, size, kind);
    }
}

void __sanitizer_cov_trace_pc(void)
{
    if (--sim_fuel <= 0) {
        sim_out_of_fuel();
    }
}

void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void)
{
}

#define PLAIN(size)                                                                                \
    void __tsan_read##size(void *at)                                                               \
    {                                                                                              \
        check(at, size, SIM_READ);                                                                 \
    }                                                                                              \
    void __tsan_write##size(void *at)                                                              \
    {                                                                                              \
        check(at, size, SIM_WRITE);                                                                \
    }                                                                                              \
    void __tsan_unaligned_read##size(void *at)                                                     \
    {                                                                                              \
        check(at, size, SIM_READ);                                                                 \
    }                                                                                              \
    void __tsan_unaligned_write##size(void *at)                                                    \
    {                                                                                              \
        check(at, size, SIM_WRITE);                                                                \
    }                                                                                              \
    struct plain_needs_semicolon

PLAIN(1);
PLAIN(2);
PLAIN(4);
PLAIN(8);
PLAIN(16);

void __tsan_read_range(void *at, size_t size)
{
    check(at, size, SIM_READ);
}

void __tsan_write_range(void *at, size_t size)
{
    check(at, size, SIM_WRITE);
}

/*
 * Atomic accesses are in order of time, but for stores that a fence has not pushed out
 * yet (--memory weak).
 */
#define FETCH(bits, type, name)                                                                    \
    type __tsan_atomic##bits##_fetch_##name(volatile type *at, type value, int order)              \
    {                                                                                              \
        (void)order;                                                                               \
        check(at, sizeof(type), SIM_WRITE | SIM_ATOMIC);                                           \
        sim_fence();                                                                               \
        return __atomic_fetch_##name(at, value, __ATOMIC_SEQ_CST);                                 \
    }

#define ATOMIC(bits, type)                                                                         \
    type __tsan_atomic##bits##_load(const volatile type *at, int order)                            \
    {                                                                                              \
        uint64_t own;                                                                              \
        (void)order;                                                                               \
        check(at, sizeof(type), SIM_READ | SIM_ATOMIC);                                            \
        return sim_weak && sim_load_own(at, &own, sizeof(type))                                    \
                   ? (type)own                                                                     \
                   : __atomic_load_n(at, __ATOMIC_SEQ_CST);                                        \
    }                                                                                              \
    void __tsan_atomic##bits##_store(volatile type *at, type value, int order)                     \
    {                                                                                              \
        check(at, sizeof(type), SIM_WRITE | SIM_ATOMIC);                                           \
        if (order == __ATOMIC_SEQ_CST || !sim_weak || !sim_store_late(at, value, sizeof(type))) {  \
            sim_fence();                                                                           \
            __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                         \
        }                                                                                          \
    }                                                                                              \
    type __tsan_atomic##bits##_exchange(volatile type *at, type value, int order)                  \
    {                                                                                              \
        (void)order;                                                                               \
        check(at, sizeof(type), SIM_WRITE | SIM_ATOMIC);                                           \
        sim_fence();                                                                               \
        return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                   \
    }                                                                                              \
    bool __tsan_atomic##bits##_compare_exchange_strong(volatile type *at, type *expected,          \
                                                       type value, int order, int otherwise)       \
    {                                                                                              \
        (void)order, (void)otherwise;                                                              \
        check(at, sizeof(type), SIM_WRITE | SIM_ATOMIC);                                           \
        sim_fence();                                                                               \
        return __atomic_compare_exchange_n(at, expected, value, false, __ATOMIC_SEQ_CST,           \
                                           __ATOMIC_SEQ_CST);                                      \
    }                                                                                              \
    bool __tsan_atomic##bits##_compare_exchange_weak(volatile type *at, type *expected,            \
                                                     type value, int order, int otherwise)         \
    {                                                                                              \
        return __tsan_atomic##bits##_compare_exchange_strong(at, expected, value, order,           \
                                                             otherwise);                           \
    }                                                                                              \
    FETCH(bits, type, add)                                                                         \
    FETCH(bits, type, sub)                                                                         \
    FETCH(bits, type, or)                                                                          \
    FETCH(bits, type, and)                                                                         \
    FETCH(bits, type, xor)                                                                         \
    struct atomic_needs_semicolon

ATOMIC(8, uint8_t);
ATOMIC(16, uint16_t);
ATOMIC(32, uint32_t);
ATOMIC(64, uint64_t);

void __tsan_atomic_thread_fence(int order)
{
    if (order == __ATOMIC_SEQ_CST) {
        sim_fence();
    }
}

void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}

/* The compiler leaves these alone (-fno-builtin), so they are seen too. */

static void copy_up(unsigned char *to, const unsigned char *from, size_t size)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    if (size > 0) {
        check(from, size, SIM_READ);
        check(to, size, SIM_WRITE);
        copy_up(to, from, size);
    }
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    if (size == 0) {
        return to;
    }
    check(from, size, SIM_READ);
    check(to, size, SIM_WRITE);
    if ((uintptr_t)t - (uintptr_t)f >= size) {
        copy_up(t, f, size);
    } else {
        while (size-- > 0) {
            t[size] = f[size];
            __asm__ volatile("");
        }
    }
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    void *at = to;

    if (size > 0) {
        check(to, size, SIM_WRITE);
        __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;

    if (size > 0) {
        check(a, size, SIM_READ);
        check(b, size, SIM_READ);
    }
    for (; size > 0; size--, x++, y++) {
        if (*x != *y) {
            return *x - *y;
        }
    }
    return 0;
}
