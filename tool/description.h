/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What system.yaml says, checked as far as it can be by itself: board, devices,
 * programs and disks are looked up later (resolve.h).
 */
#ifndef TOOL_DESCRIPTION_H
#define TOOL_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "classes.h"
#include "device_tree.h"
#include "lib/diag.h"
#include "list.h"

#define NAME_MAX_LENGTH 20
#define SUPERVISOR_NAME "supervisor"

/* Something that was said, and where. */
struct said {
    const char *text; /* NULL: not said */
    struct place at;
};

struct driver;
struct program;

struct device {
    struct said name;
    struct said class_name;
    struct said node_path;
    const struct device_class *class; /* NULL: unknown, an error was told */
    const struct tree_node *node;     /* by resolve() */
    const struct driver *driver;      /* by resolve() */
    const char *image;                /* --disk: the file behind it, or NULL */
};

/* The value of a class's key in one use. */
struct setting {
    struct place at; /* line 0: not said, the fallback */
    const char *text;
    uint64_t number;
    uint8_t mac[6];
};

/* A client's use of a device. */
struct use {
    struct device *device;
    struct place at;
    struct setting settings[CLASS_MAX_KEYS]; /* as the class's keys */
};

struct client {
    struct said name;
    struct said program_name;
    struct program *program; /* by resolve() */
    struct use *uses;
    size_t use_count;
    char settings[QUOLL_SETTINGS_SIZE];
    size_t settings_size;
    bool observes;
    uint64_t stack;
    unsigned priority;
};

struct description {
    const char *path;
    struct said board;
    struct device *devices;
    size_t device_count;
    struct client *clients;
    size_t client_count;
};

/** Read a file. Errors are told; NULL if there is nothing to go on with. */
struct description *description_read(const char *path);

/** Clients of a device. */
size_t clients_of(const struct description *d, const struct device *device);

/** @return the value of a key of the use's class; the class must have it */
const struct setting *use_setting(const struct use *use, const char *key);

#endif
