/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input, the program's variables, and its reads: -fsanitize-coverage=trace-loads has
 * the compiler call us before each of them.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define SHARED_MAX 16U
#define RACES_MAX  8U

void fuzz_found(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: finding: %s\n", file, line, what);
    abort();
}

/* ---- The input ---- */

static const uint8_t *at;
static size_t left;

bool fuzz_more(void)
{
    return left > 0;
}

uint8_t fuzz8(void)
{
    if (left == 0) {
        return 0;
    }
    left -= 1;
    return *at++;
}

uint16_t fuzz16(void)
{
    uint16_t low = fuzz8();

    return (uint16_t)(low | fuzz8() << 8);
}

uint32_t fuzz32(void)
{
    uint32_t low = fuzz16();

    return low | (uint32_t)fuzz16() << 16;
}

uint64_t fuzz64(void)
{
    uint64_t low = fuzz32();

    return low | (uint64_t)fuzz32() << 32;
}

uint32_t fuzz_below(uint32_t limit)
{
    return limit <= 1 ? 0 : limit <= 256 ? fuzz8() % limit : fuzz16() % limit;
}

/* Around what is right, around the limit and its multiples, and around the wraps. */
uint64_t fuzz_odd(uint64_t near, uint64_t limit)
{
    uint8_t kind = fuzz8();
    uint64_t by = (uint64_t)(int64_t)((kind >> 4) - 8);

    switch (kind & 15U) {
    case 0:
        return by;
    case 1:
    case 2:
        return near + by;
    case 3:
        return near + limit + by;
    case 4:
        return near - limit + by;
    case 5:
        return limit + by;
    case 6:
        return 2 * limit + by;
    case 7:
        return 0x8000U + by;
    case 8:
        return 0x10000U + by;
    case 9:
        return 0x80000000U + by;
    case 10:
        return 0x100000000U + by;
    case 11:
        return (UINT64_C(1) << 63) + by;
    case 12:
        return fuzz8();
    case 13:
        return fuzz16();
    case 14:
        return fuzz32();
    default:
        return fuzz64();
    }
}

const uint8_t *fuzz_rest(size_t *size)
{
    *size = left;
    left = 0;
    return at;
}

/* ---- The program's variables, and its reads ---- */

extern volatile char zeroed_start[] __asm__("__start_zeroed") __attribute__((weak));
extern volatile char zeroed_end[] __asm__("__stop_zeroed") __attribute__((weak));

static struct {
    const uint8_t *start;
    size_t size;
} shared[SHARED_MAX];
static unsigned shares;

static struct {
    uint64_t when; /* in reads of shared memory */
    void *at;
    size_t size; /* 0: a life */
    uint64_t value;
} race[RACES_MAX];
static unsigned races;
void (*fuzz_raced)(void);
void (*fuzz_meanwhile)(void);

static bool inside;
static uint64_t reads, most, shared_reads, most_ever;

/* Over what AddressSanitizer keeps between the variables too. */
__attribute__((no_sanitize("address"))) void fuzz_zero(void)
{
    volatile char *byte = zeroed_start;

    for (; zeroed_end - byte >= 8; byte += 8) {
        *(volatile uint64_t *)byte = 0;
    }
    for (; byte < zeroed_end; byte++) {
        *byte = 0;
    }
}

void fuzz_begin(const uint8_t *data, size_t size)
{
    at = data;
    left = size;
    shares = 0;
    races = 0;
    shared_reads = 0;
    inside = false;
    fuzz_raced = NULL;
    fuzz_meanwhile = NULL;
    fuzz_zero();
}

void fuzz_share(const void *start, size_t size)
{
    FUZZ_CHECK(shares < SHARED_MAX);
    shared[shares].start = start;
    shared[shares++].size = size;
}

void fuzz_race(unsigned after, void *where, size_t size, uint64_t value)
{
    if (races < RACES_MAX) {
        race[races].when = shared_reads + after;
        race[races].at = where;
        race[races].size = size;
        race[races++].value = value;
    }
}

void fuzz_race_life(unsigned after, _Atomic uint32_t *where)
{
    fuzz_race(after, where, 0, 0);
}

void fuzz_no_races(void)
{
    races = 0;
}

void fuzz_enter(uint64_t limit)
{
    reads = 0;
    most = limit;
    inside = true;
}

void fuzz_leave(void)
{
    inside = false;
    most_ever = reads > most_ever ? reads : most_ever;
}

uint64_t fuzz_most(void)
{
    return most_ever;
}

static bool is_shared(const uint8_t *address)
{
    for (unsigned i = 0; i < shares; i++) {
        if ((size_t)(address - shared[i].start) < shared[i].size) {
            return true;
        }
    }
    return false;
}

/* The neighbour is on another CPU: it writes just before we read. */
static void lose_races(void)
{
    for (unsigned i = 0; i < races;) {
        if (race[i].when > shared_reads) {
            i++;
            continue;
        }
        if (race[i].size == 0) {
            *(_Atomic uint32_t *)race[i].at += 1;
        }
        memcpy(race[i].at, &race[i].value, race[i].size);
        race[i] = race[--races];
        reads = 0;
        if (fuzz_raced != NULL) {
            fuzz_raced();
        }
    }
}

static void read_at(const void *address)
{
    if (!inside) {
        return;
    }
    reads += 1;
    if (reads > most) {
        fuzz_found(__FILE__, __LINE__, "a wake-up does more work than it may");
    }
    if ((races > 0 || fuzz_meanwhile != NULL) && is_shared(address)) {
        shared_reads += 1;
        lose_races();
        if (fuzz_meanwhile != NULL) {
            inside = false;
            fuzz_meanwhile();
            inside = true;
        }
    }
}

#define CALLBACK(bytes)                                                                            \
    void __sanitizer_cov_load##bytes(const void *address);                                         \
    void __sanitizer_cov_load##bytes(const void *address)                                          \
    {                                                                                              \
        read_at(address);                                                                          \
    }
CALLBACK(1)
CALLBACK(2)
CALLBACK(4)
CALLBACK(8)
CALLBACK(16)

/* Shown at the end of a process, so that limits can be set near to what is needed. */
__attribute__((destructor)) static void tell_most(void)
{
    if (most_ever > 0) {
        fprintf(stderr, "most reads in one wake-up: %lu\n", (unsigned long)most_ever);
    }
}
