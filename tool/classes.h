/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a device of a class becomes: the class table, from which all else follows.
 *
 * A device consists of parts, one protection domain each. A part is there once, or
 * once per client; the part that has no program of its own is the driver. Links
 * join two parts, or a part and a client. Memory belongs to the device, or to one
 * client of it. A new class is a new entry in classes.c and nothing else.
 *
 * Another policy is another virtualiser: where a class has a choice of them, it has an
 * entry for each, one after the other, and a key of the device chooses.
 */
#ifndef TOOL_CLASSES_H
#define TOOL_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quoll/config.h>

#define CLASS_MAX_KEYS    4
#define CLASS_MAX_CHOICES 8
#define CLASS_MAX_PARTS   4
#define CLASS_MAX_LINKS   6
#define PART_CLIENT       (-1)

/* What a client can say of its use of a device. */
enum key_type {
    KEY_MAC,       /* a unicast Ethernet address, unique in the system */
    KEY_PARTITION, /* a name, looked up in the disk's image if there is one */
    KEY_CHOICE,    /* one of a list; its number is the value */
    KEY_NUMBER,
    KEY_SIZE, /* bytes, whole pages, with K or M */
};

struct class_key {
    const char *name;
    enum key_type type;
    bool required;
    bool rotates; /* KEY_CHOICE not given: client after client gets choice 1, 2, ... */
    bool writes;  /* KEY_CHOICE other than 0 makes this client a writer of its partition */
    const char *choices[CLASS_MAX_CHOICES];
    uint64_t fallback, least, most;
    size_t offset; /* where it goes in the settings of the client's links ... */
    size_t width;  /* ... and in how many bytes; 0: it does not */
};

struct class_memory {
    const char *name;
    uint64_t size;        /* and for each client of the device ... */
    uint64_t for_each;    /* ... so much more, ... */
    uint64_t most;        /* ... up to this, if that is not 0 */
    const char *size_key; /* not NULL: as the client says */
    bool per_client;
    bool dma; /* the device reads or writes it */
};

/* Memory as one part sees it. */
struct class_view {
    const struct class_memory *memory; /* NULL: none */
    const char *perms;                 /* "r", "rw"; NULL: not mapped */
    bool io;                           /* its I/O address is told */
};

struct class_end {
    int part;          /* index in `parts`, or PART_CLIENT */
    uint32_t capacity; /* entries that this end produces, and bytes of each */
    size_t entry_size;
    struct class_view data;
    bool seldom; /* notified less often than the part's other ends */
};

/* A link is per client if one of its ends is. */
struct class_link {
    enum quoll_link_kind kind;
    const char *name;          /* of the kind */
    struct class_end up, down; /* the client's side, the device's side */
};

struct class_part {
    const char *suffix;  /* of its name: DEVICE_suffix or CLIENT_DEVICE_suffix */
    const char *program; /* NULL: the driver that fits the device */
    unsigned priority;
    bool per_client;
    bool copies; /* puts what clients receive into their memory */
    struct class_view own;
};

struct device_class {
    const char *name;
    const char *variant_key; /* of the device, if there is a choice; the first is the fallback */
    const char *variant;     /* what it says for this entry */
    bool system_timer;       /* its drivers may write the CPU's timer */
    struct class_key keys[CLASS_MAX_KEYS];
    struct class_part parts[CLASS_MAX_PARTS];
    struct class_link links[CLASS_MAX_LINKS];
};

extern const struct device_class classes[];
extern const size_t class_count;

/** @return the class (of several variants the first), or NULL */
const struct device_class *class_find(const char *name);

/** The variants of a class, by what its variant_key can say. @return how many; 0: no choice */
size_t class_variants(const struct device_class *class, const char *names[CLASS_MAX_CHOICES]);

/** Whether clients say something of this type about their use of such a device. */
bool class_has_key(const struct device_class *class, enum key_type type);

size_t class_keys(const struct device_class *class);
size_t class_parts(const struct device_class *class);
size_t class_links(const struct device_class *class);

/** Whether each client of the device has a link of this kind of its own. */
bool class_link_per_client(const struct device_class *class, const struct class_link *link);

#endif
