/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A system under QEMU with the counting plugin: compose, boot, wait for it, look at
 * what it has executed and whose that was.
 */
#ifndef BENCH_GUEST_H
#define BENCH_GUEST_H

#include <sys/types.h>

#include "../count.h"
#include "bench.h"
#include "elf_file.h"

#define GUEST_OWNERS 192U

/* Owners are numbered: these two, then the protection domains in the report's order. */
enum { OWNER_KERNEL, OWNER_OTHER, OWNER_FIRST };

struct guest {
    pid_t process;
    char directory[BENCH_PATH]; /* where its system was composed, and its log lies */
    char *command;              /* which starts the emulator */
    struct count_file *file;
    unsigned owners;
    struct {
        char name[32];
        struct elf_range physical; /* of its program */
    } owner[GUEST_OWNERS];
    bool is_linux;
    unsigned kernel_ranges;
    struct elf_range kernel[8]; /* virtual */
};

/* Instructions by owner, and events, up to some moment or between two of them. */
struct tally {
    uint64_t by[GUEST_OWNERS];
    struct count_events events;
};

/* What is watched, by index into count_events.watched. */
enum { WATCH_SYNCHRONOUS, WATCH_INTERRUPTS, WATCH_SIGNALS };

/** Write OUT/name/system.yaml and compose it. Not needed for what is there already. */
void guest_compose(const char *name, const char *yaml);

/** The same with a description that is there. */
void guest_compose_file(const char *name, const char *path);

/** Boot what was composed as `name`, with more of the emulator's options. */
void guest_boot(struct guest *guest, const char *name, const char *options);

/** The same from the beginning, whatever it is at. What it had executed is forgotten. */
void guest_boot_again(struct guest *guest);

/** Boot Linux from settings.linux. */
void guest_boot_linux(struct guest *guest, const char *options);

/** Wait until the guest has said `words`, or has passed so many marks; dies after `seconds`. */
void guest_wait_words(struct guest *guest, const char *words, unsigned seconds);
void guest_wait_marks(struct guest *guest, unsigned marks, unsigned seconds);

/** Everything that the guest has said so far, in memory of the caller's. */
char *guest_log(const struct guest *guest);

/** Dies if the emulator has ended. */
void guest_check(struct guest *guest);

/** What was executed up to now, or up to mark `number`. */
void guest_tally_now(const struct guest *guest, struct tally *tally);
void guest_tally_mark(const struct guest *guest, unsigned number, struct tally *tally);

/** *tally becomes what was executed since *before. */
void tally_since(struct tally *tally, const struct tally *before);

uint64_t tally_total(const struct guest *guest, const struct tally *tally);

/** Whose code a page holds; `bias` is guest_bias()'s. */
unsigned guest_owner_of(const struct guest *guest, const struct count_page *page, uint64_t bias);
uint64_t guest_bias(const struct guest *guest);

/** Print the functions that were executed most since `before`, a copy by guest_copy(); NULL: ever.
 */
struct count_file *guest_copy(const struct guest *guest);
void guest_forget_copy(struct count_file *copy);
void guest_functions(const struct guest *guest, const struct count_file *before, double per);

void guest_end(struct guest *guest);

#endif
