/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all fuzzers share. Each tests/fuzz/fuzz_NAME.c is one (libFuzzer's
 * LLVMFuzzerTestOneInput) for one boundary: the real C of a protection domain or a tool,
 * with the fuzzer as its hostile neighbour.
 *
 * For protection domains an input is a program: its bytes are steps that the neighbour
 * takes (write this there, notify, begin a new life) between wake-ups of the program under
 * test, and, as a race, between two of its reads: the compiler tells of every load, so a
 * value may change after it was checked. Meanwhile the honest neighbours do their work,
 * and after each wake-up what they may rely on is checked.
 *
 * Variables of the program under test lie in a section of their own, so that a new life
 * begins with all of them zero (core/start.S does the same), in each run and as a step.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A finding: say what, and end so that libFuzzer keeps the input. */
__attribute__((noreturn)) void fuzz_found(const char *file, int line, const char *what);

#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fuzz_found(__FILE__, __LINE__, #condition);                                            \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- The input; zeros when it is used up ---- */

/** Begin a run: with this input, all variables zero, no memory shared, no race set. */
void fuzz_begin(const uint8_t *data, size_t size);
bool fuzz_more(void);
uint8_t fuzz8(void);
uint16_t fuzz16(void);
uint32_t fuzz32(void);
uint64_t fuzz64(void);

/** A number below `limit`, 1 to 65536. */
uint32_t fuzz_below(uint32_t limit);

/** A number that is likely to hurt where `near` would be right and `limit` is one. */
uint64_t fuzz_odd(uint64_t near, uint64_t limit);

/** The rest of the input. */
const uint8_t *fuzz_rest(size_t *size);

/* ---- The program under test ---- */

/*
 * Variables that begin each life as zero: between these two, and in all sources that are
 * compiled for fuzzing (mk/fuzz.mk). The fuzzer's own are outside.
 *
 *     #pragma clang section bss = "zeroed"
 *     #include "timer/virt.c"
 *     #pragma clang section bss = ""
 */
void fuzz_zero(void);

/** Memory that a hostile neighbour can write, 16 pieces at most. */
void fuzz_share(const void *at, size_t size);

/** After `reads` more reads of shared memory, `value` will stand in the `size` bytes at `at`. */
void fuzz_race(unsigned reads, void *at, size_t size, uint64_t value);

/** After so many reads, the number of lives at `at` will grow by one (it never falls). */
void fuzz_race_life(unsigned reads, _Atomic uint32_t *at);

/** Called after each race that was lost; NULL: nothing. fuzz_begin() clears it. */
extern void (*fuzz_raced)(void);

/**
 * Called before each read of shared memory: what a neighbour on another CPU, or a device,
 * does all the time. NULL: nothing. fuzz_begin() clears it.
 */
extern void (*fuzz_meanwhile)(void);

/** Races that were not lost are off. */
void fuzz_no_races(void);

/**
 * Run a piece of the program: it may read memory `most` times, and as often again for each
 * race that it loses.
 */
#define fuzz_run(most, call)                                                                       \
    do {                                                                                           \
        fuzz_enter(most);                                                                          \
        call;                                                                                      \
        fuzz_leave();                                                                              \
    } while (0)
void fuzz_enter(uint64_t most);
void fuzz_leave(void);

/** The most reads that any fuzz_run() of this process has needed, races apart. */
uint64_t fuzz_most(void);

#endif
