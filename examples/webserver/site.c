/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>

#include "site.h"

/* The header as it lies on the disk; numbers are octal digits, ended by a space or NUL. */
struct header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char linkname[100];
    char magic[6];
    char version[2];
    char uname[32];
    char gname[32];
    char devmajor[8];
    char devminor[8];
    char prefix[155];
    char padding[12];
};
static_assert(sizeof(struct header) == SITE_BLOCK, "ustar");
static_assert(SITE_FILES_MAX < UINT16_MAX && SITE_FILES_MAX * 2U <= SITE_HASH_SLOTS, "hash");

/* ---- Lookup: open addressing; the table is never more than half full ---- */

/* FNV-1a. */
static uint32_t hash_of(const char *path, size_t length)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)path[i]) * 16777619U;
    }
    return hash;
}

/* The slot of this path, or the free one where it belongs. */
static uint32_t slot_of(const struct site *site, const char *path, size_t length)
{
    uint32_t slot = hash_of(path, length) & (SITE_HASH_SLOTS - 1U);

    while (site->hash[slot] != 0) {
        const struct site_file *file = &site->file[site->hash[slot] - 1U];

        if (file->name_length == length && memcmp(site->names + file->name, path, length) == 0) {
            break;
        }
        slot = (slot + 1U) & (SITE_HASH_SLOTS - 1U);
    }
    return slot;
}

const struct site_file *site_find(const struct site *site, const char *path, size_t length)
{
    uint16_t number = site->hash[slot_of(site, path, length)];

    return number == 0 ? NULL : &site->file[number - 1U];
}

/* The last of several entries with one path is the one that counts, as for tar. */
static void add(struct site *site, const char *path, size_t length, const struct site_file *found)
{
    uint32_t slot = slot_of(site, path, length);
    struct site_file *file;

    if (site->hash[slot] != 0) {
        file = &site->file[site->hash[slot] - 1U];
        file->offset = found->offset;
        file->size = found->size;
        file->modified = found->modified;
        return;
    }
    if (site->files == SITE_FILES_MAX || length > SITE_NAMES_MAX - site->names_length) {
        site->too_many += 1;
        return;
    }
    file = &site->file[site->files];
    *file = *found;
    file->name = site->names_length;
    file->name_length = (uint32_t)length;
    memcpy(site->names + file->name, path, length);
    site->names_length += (uint32_t)length;
    site->files += 1;
    site->hash[slot] = (uint16_t)site->files;
}

/* ---- Fields ---- */

/* Base-256 numbers, which GNU tar writes for what does not fit, are not ustar. */
static bool read_octal(const char *field, size_t size, uint64_t *value)
{
    size_t i = 0;
    size_t digits = 0;

    *value = 0;
    while (i < size && field[i] == ' ') {
        i++;
    }
    for (; i < size && field[i] >= '0' && field[i] <= '7'; i++, digits++) {
        *value = *value * 8U + (uint64_t)(field[i] - '0');
    }
    return digits > 0 && (i == size || field[i] == ' ' || field[i] == '\0');
}

/* The sum of all bytes, the checksum's own counted as spaces. */
static bool checksum_holds(const struct header *header)
{
    const unsigned char *bytes = (const unsigned char *)header;
    uint64_t wanted;
    uint64_t sum = sizeof header->checksum * ' ';

    for (size_t i = 0; i < sizeof *header; i++) {
        bool counts = i - offsetof(struct header, checksum) >= sizeof header->checksum;

        sum += counts ? bytes[i] : 0U;
    }
    return read_octal(header->checksum, sizeof header->checksum, &wanted) && sum == wanted;
}

static size_t bounded_length(const char *text, size_t size)
{
    const char *end = memchr(text, '\0', size);

    return end == NULL ? size : (size_t)(end - text);
}

/* @return length of the path, prefix and name joined; `path` has SITE_PATH_MAX bytes */
static size_t join(char *path, const struct header *header)
{
    size_t length = bounded_length(header->prefix, sizeof header->prefix);
    size_t name = bounded_length(header->name, sizeof header->name);

    memcpy(path, header->prefix, length);
    if (length > 0) {
        path[length++] = '/';
    }
    memcpy(path + length, header->name, name);
    return length + name;
}

/* Components must be names: not empty, not "." or "..", without control characters. */
static bool is_clean(const char *path, size_t length)
{
    size_t start = 0;

    for (size_t i = 0; i <= length; i++) {
        if (i < length && path[i] != '/') {
            if ((unsigned char)path[i] < ' ' || path[i] == 0x7f) {
                return false;
            }
            continue;
        }
        size_t size = i - start;
        bool dots = size <= 2 && memcmp(path + start, "..", size) == 0; /* "" as well */

        if (dots) {
            return false;
        }
        start = i + 1;
    }
    return true;
}

static void take_file(struct site *site, const struct header *header, const struct site_file *found)
{
    char path[SITE_PATH_MAX];
    size_t length = join(path, header);
    const char *start = path;

    while (length >= 2 && memcmp(start, "./", 2) == 0) {
        start += 2;
        length -= 2;
    }
    if (is_clean(start, length)) {
        add(site, start, length, found);
    } else {
        site->skipped += 1;
    }
}

/* ---- The archive ---- */

static void refuse(struct site *site, const char *why)
{
    site->error = why;
    site->files = 0;
    memset(site->hash, 0, sizeof site->hash);
}

/* Two blocks of zeros are the end; one alone is forgiven, as tar does. */
static bool take_zeros(struct site *site, const struct header *header)
{
    const char *bytes = (const char *)header;

    if (bytes[0] != '\0' || memcmp(bytes, bytes + 1, sizeof *header - 1) != 0) {
        site->zeros = 0;
        return false;
    }
    site->zeros += 1;
    site->at += SITE_BLOCK;
    if (site->zeros == 2) {
        site->complete = true;
        if (site->headers == 0) {
            refuse(site, "the partition is empty: it begins with zeros");
        }
    }
    return true;
}

static const char *check(const struct site *site, const struct header *header,
                         struct site_file *found)
{
    uint64_t room = site->size - site->at - SITE_BLOCK;

    if (memcmp(header->magic, "ustar", 6) != 0 || memcmp(header->version, "00", 2) != 0) {
        return site->headers == 0 ? "the partition holds no ustar archive"
                                  : "the archive is corrupt: a header has no 'ustar' magic";
    }
    if (!checksum_holds(header)) {
        return "the archive is corrupt: a header's checksum is wrong";
    }
    if (!read_octal(header->size, sizeof header->size, &found->size) ||
        !read_octal(header->mtime, sizeof header->mtime, &found->modified)) {
        return "the archive is corrupt: a header's size or time is not an octal number";
    }
    if (found->size > room) {
        return "the archive is truncated: a file reaches past the partition's end";
    }
    if (header->type == 'x' || header->type == 'L' || header->type == 'K') {
        return "the archive has pax or GNU extensions; make it with --format=ustar";
    }
    return NULL;
}

void site_begin(struct site *site, uint64_t size)
{
    memset(site, 0, sizeof *site);
    site->size = size;
    if (size < SITE_BLOCK) {
        refuse(site, "the partition is empty");
    }
}

bool site_wants(const struct site *site, uint64_t *offset)
{
    *offset = site->at;
    return site->error == NULL && !site->complete;
}

static void take_header(struct site *site, const struct header *header)
{
    struct site_file found = {.offset = site->at + SITE_BLOCK};
    const char *error = check(site, header, &found);
    bool empty = header->type == '5' || (header->type >= '1' && header->type <= '6');

    if (error != NULL) {
        refuse(site, error);
        return;
    }
    site->headers += 1;
    if (header->type == '0' || header->type == '\0') {
        take_file(site, header, &found);
    } else if (header->type != '5') {
        site->skipped += 1;
    }
    site->at = found.offset;
    if (!empty) { /* links, devices and folders have no content, whatever their size says */
        site->at += (found.size + SITE_BLOCK - 1U) / SITE_BLOCK * SITE_BLOCK;
    }
}

void site_take(struct site *site, const void *block)
{
    struct header header;

    memcpy(&header, block, sizeof header);
    __asm__ volatile("" : : "r"(&header) : "memory"); /* as queue_copy_in(): no second look */
    if (!take_zeros(site, &header)) {
        take_header(site, &header);
    }
    if (site->error == NULL && !site->complete &&
        (site->headers > SITE_HEADERS_MAX || site->at > site->size ||
         site->size - site->at < SITE_BLOCK)) {
        refuse(site, site->headers > SITE_HEADERS_MAX
                         ? "the archive has too many entries"
                         : "the archive is truncated: its end is missing");
    }
}
