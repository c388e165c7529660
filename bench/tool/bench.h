/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the bench tool share: settings, and how it ends when something is
 * wrong. A bench that cannot be trusted must not print figures, so everything
 * unexpected ends the run with a word about it.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define BENCH_PATH 512U

struct settings {
    const char *kind;      /* the baseline's name of this SDK: "devkit", "2.0.1" */
    const char *sdk;       /* its directory */
    const char *config;    /* of the Microkit */
    const char *quoll;     /* the composer */
    const char *dtb;       /* the board's device tree */
    const char *programs;  /* directories, with ':' between them */
    const char *emulator;  /* command, without image and devices */
    const char *tools;     /* directory of count.so, udpload and the like */
    const char *out;       /* directory: systems, logs */
    const char *linux;     /* directory of Linux's kernel and initrd, or NULL */
    const char *site;      /* the web server's disk image */
    const char *json;      /* where results are kept */
    unsigned repeat;       /* runs of each case */
    unsigned packets;      /* of a run of net */
    unsigned functions;    /* name so many functions that take most; 0: none */
    const char *addresses; /* beside that: a file for how often each instruction was executed */
    const char *only;      /* of the cases, those whose names contain this; NULL: all */
};
extern struct settings settings;

__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

/** Text made up like printf's, in one of a few buffers that are used again later. */
__attribute__((format(printf, 1, 2))) const char *text(const char *format, ...);

/** Whether a case was asked for. */
bool wanted(const char *name);

/* The sets, each in a file of its own. */
void set_net(void);
void set_block(void);
void set_queue(void);
void set_ring(void);
void set_growth(void);
void set_fairness(void);
void set_overload(void);
void set_size(void);
void set_linux(void);

#endif
