/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a system file says, checked: names resolved to indices, numbers within their
 * ranges. Source: the Microkit's manual, "System Description File". One reader, for
 * the development SDK's tool and for the simulator.
 */
#ifndef MICROKIT_DESCRIPTION_H
#define MICROKIT_DESCRIPTION_H

#include "diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SMALL 0x1000ULL
#define PAGE_LARGE 0x200000ULL
#define STACK_TOP  0x10000000000ULL /* 1 TiB: the end of a PD's address space */

/* The Microkit's limits; irqs: 32 private and 256 shared ones. */
#define MAX_PDS      63
#define MAX_CHANNELS 62
#define PD_NAME_SIZE 64
#define MAX_IRQS     288

#define NO_PD SIZE_MAX

struct region {
    const char *name;
    struct place place;
    uint64_t size;
    uint64_t page_size;
    bool fixed;
    uint64_t physical; /* given if fixed, else chosen by memory.c */
    bool mapped;
};

struct map {
    struct place place;
    size_t region;
    uint64_t address;
    bool readable, writable, executable, cached;
};

struct irq {
    struct place place;
    unsigned irq;
    unsigned id;
    bool edge;
};

enum setvar_kind { SETVAR_ADDRESS, SETVAR_SIZE, SETVAR_PHYSICAL };

struct setvar {
    struct place place;
    const char *symbol;
    enum setvar_kind kind;
    const char *region_name; /* SETVAR_PHYSICAL */
    uint64_t address;        /* SETVAR_ADDRESS */
    size_t region;           /* SETVAR_SIZE, SETVAR_PHYSICAL */
};

struct pd {
    const char *name;
    struct place place;
    const char *program;
    struct place program_place;
    uint64_t priority;
    uint64_t budget, period; /* microseconds */
    uint64_t stack_size;
    bool passive;
    size_t parent; /* NO_PD if none */
    unsigned child;
    struct map *maps;
    size_t map_count;
    struct irq *irqs;
    size_t irq_count;
    struct setvar *setvars;
    size_t setvar_count;
};

struct channel_end {
    struct place place;
    size_t pd;
    unsigned id;
    bool notify;
    bool calls;
};

struct channel {
    struct place place;
    struct channel_end ends[2];
};

struct description {
    struct pd *pds; /* parents before their children */
    size_t pd_count;
    struct region *regions;
    size_t region_count;
    struct channel *channels;
    size_t channel_count;
};

/** Read a system file. What is wrong is printed and counted (diag_errors()). */
struct description *description_read(const char *path);

/** Check what only the whole description shows. */
void description_check(struct description *d);

#define APPEND(array, count)                                                                       \
    (((array) = text_grow((array), (count) + 1, sizeof *(array))), &(array)[(count)++])

#endif
