/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a neighbour reads of what a protection domain writes: each field of a link's
 * half, of its information and of its entries is a row, and each row has its values.
 */
#ifndef HOSTILE_FIELDS_H
#define HOSTILE_FIELDS_H

#include <stdint.h>

#include <quoll/link.h>

#define FIELD_LIMITS 4U

/* `at` counts from the start of the half, the information or the entry. */
struct field {
    const char *name; /* NULL ends a table */
    uint16_t at;
    uint8_t width; /* bytes */
    uint64_t limit[FIELD_LIMITS];
    bool reach; /* says what memory a device moves data to or from, and how much */
};

/* What one side of a link writes. Ids are of what the peer is to get back, or has to. */
struct side {
    uint8_t kind;        /* enum quoll_link_kind */
    uint32_t entry_size; /* tells the two sides apart, where they differ */
    const struct field *info;
    const struct field *entry;
    uint16_t id_at;       /* in our entries */
    uint16_t asked_at;    /* in the peer's */
    uint16_t asked_size;  /* of the peer's entries */
    uint32_t step, first; /* from one id to the next; the first */
};

extern const struct field field_words[]; /* of a half, but for tail and head */

/** The side of a link that this protection domain writes; NULL: none that we know. */
const struct side *field_side(const struct quoll_link_config *link);

/** How many values field_value() knows for a row. */
unsigned field_values(void);

/** Value `n` for a row that holds `now`, in a queue of `capacity` entries. */
uint64_t field_value(const struct field *field, unsigned n, uint64_t now, uint64_t capacity);

uint64_t field_get(const void *base, const struct field *field);
void field_set(void *base, const struct field *field, uint64_t value);

/** Whether any value may be tried, here. */
bool field_is_safe(const struct quoll_link_config *link, const struct field *field);

/** Whether this side chooses the ids in its entries. */
bool field_gives_id(const struct side *side);

/**
 * Whoever tells the driver of the disk what to write may write over the partition table,
 * and then there is no disk any more for which the rest could be tried. So that is read.
 */
void field_spare_table(const struct side *side, unsigned char *entry);

#endif
