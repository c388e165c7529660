/* SPDX-License-Identifier: BSD-2-Clause */
/* A program in the emulator: what machine.c and watch.c know of it. */
#ifndef TESTS_FETCH_MACHINE_H
#define TESTS_FETCH_MACHINE_H

#include <unicorn/unicorn.h>

#include "fetch.h"
#include "tool/lib/elf_file.h"

#define MOST 96U

struct guard {
    uint64_t index, entries;
    unsigned size;
    uint32_t entry, capacity;
    const volatile uint32_t *released;
    uint32_t good;    /* the last index that could be */
    uint32_t counted; /* entries loaded, for rings */
    uint64_t looked;  /* the wake-up in which it was looked at last */
};

struct store {
    uint64_t start, size;
    enum kind kind;
    unsigned link;
};

struct machine {
    uc_engine *uc;
    struct elf_file *elf;
    uint64_t pc;
    bool waiting, failed;
    struct area area[MOST];
    unsigned areas;
    struct store store[MOST];
    unsigned stores;
    struct guard guard[8];
    unsigned guards;
    bool lying;
    uint32_t step[KIND_COUNT][LINKS];
    struct totals totals;
    struct {
        uint64_t first, second;
    } pair[MOST];
    uint64_t memcpy_start, memcpy_end;
    bool copies; /* it has memcpy() in line, too */
    uint64_t text, text_size;
    uint8_t *ran; /* of each instruction */
};

/* ---- machine.c ---- */

/** Ends everything if the emulator cannot do what it must. */
void machine_must(uc_err error, const char *what);
void machine_hook(struct machine *m, int type, void *function, uint64_t from, uint64_t to);

/* ---- watch.c ---- */

/** The function that holds an address. */
const char *machine_name(const struct machine *m, uint64_t address);

/** The program has fenced; it is woken. */
void watch_fence(struct machine *m);
void watch_wake_up(struct machine *m);

#endif
