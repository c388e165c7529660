/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The site: a POSIX ustar archive at the start of a partition, read-only
 * (docs/site-format.md; IEEE Std 1003.1-2017, "pax", section "ustar Interchange
 * Format").
 *
 * Pure: the reader says which 512 bytes it wants and is given them, so it does not
 * care where they come from or when:
 *
 *     site_begin(&site, bytes of the partition);
 *     while (site_wants(&site, &offset)) {
 *         site_take(&site, 512 bytes at offset);
 *     }
 *     if (site.error == NULL) site_find(&site, "css/style.css", ...)
 *
 * The disk's content is foreign: every field is checked before it is used, and an
 * archive that contradicts itself is refused as a whole, with a reason. Entries that
 * are well-formed but cannot be served are skipped and counted. Each step goes
 * forward in the partition, so the end is reached whatever is there.
 */
#ifndef WEB_SITE_H
#define WEB_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SITE_BLOCK       512U
#define SITE_FILES_MAX   2048U
#define SITE_NAMES_MAX   (64U * 1024U) /* bytes of all paths together */
#define SITE_PATH_MAX    256U          /* a ustar path has at most 255 + '/' */
#define SITE_HASH_SLOTS  4096U         /* a power of two, twice the files */
#define SITE_HEADERS_MAX 65536U        /* of all kinds; more is not a site */

struct site_file {
    uint64_t offset; /* of its first byte in the partition */
    uint64_t size;
    uint64_t modified; /* seconds since 1970 */
    uint32_t name;     /* where its path begins in `names` */
    uint32_t name_length;
};

struct site {
    const char *error; /* why there is no site, or NULL */
    bool complete;     /* the end of the archive was reached */
    uint32_t files;
    uint32_t names_length;
    uint32_t headers;
    uint32_t skipped;               /* entries that are neither files nor folders, or badly named */
    uint32_t too_many;              /* files for which there was no room */
    uint32_t zeros;                 /* blocks of zeros just seen: two end the archive */
    uint64_t size;                  /* of the partition */
    uint64_t at;                    /* of the next header */
    uint16_t hash[SITE_HASH_SLOTS]; /* number of a file plus one, or 0 */
    struct site_file file[SITE_FILES_MAX];
    char names[SITE_NAMES_MAX];
};

/** Forget what was read and begin with a partition of `size` bytes. */
void site_begin(struct site *site, uint64_t size);

/** @return whether more is wanted: SITE_BLOCK bytes at *offset, a multiple of SITE_BLOCK */
bool site_wants(const struct site *site, uint64_t *offset);

/** Take what was wanted. `block` is read once and need not stay. */
void site_take(struct site *site, const void *block);

/** The file of this path (without leading '/'), or NULL. */
const struct site_file *site_find(const struct site *site, const char *path, size_t length);

#endif
