/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the programs of protection domains, as they are shipped, in an emulator of the
 * processor and watches each byte that a neighbour can write: it may be loaded once in a
 * step. tests/fetch/README.md says what a step is and what is allowed for which reason.
 */
#ifndef TESTS_FETCH_H
#define TESTS_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/config.h>
#include <quoll/link.h>

#define LINKS       4U
#define DEVICE_LINK 3U /* what the device writes beside its rings */

/* What a neighbour writes; each kind has its own idea of a step. */
enum kind {
    KIND_INDEX,  /* tail, head: looked at again, they are judged again (machine_lie) */
    KIND_HEADER, /* magic, lives, generation: compared, any number of times */
    KIND_WISH,   /* wake_at, room_at: the answer is whether to notify */
    KIND_BYTE,   /* an entry that is one byte: looked at again, it is judged again */
    KIND_INFO,   /* copied between two looks at its generation */
    KIND_ENTRY,  /* an entry: until its slot was given back */
    KIND_DATA,   /* a frame or a block: until an entry of its link was given back */
    KIND_RING,   /* the index of what a device used: as KIND_INDEX */
    KIND_ANSWER, /* the device's entries and status bytes: until it was given more */
    KIND_TABLE,  /* a partition table */
    KIND_COUNT
};

struct area {
    uint64_t start, size;
    enum kind kind;
    unsigned link;   /* whose steps count */
    uint32_t *step;  /* of each byte: in which it was last loaded, plus one */
    uint64_t *where; /* and by which instruction */
};

/* One program at work. */
struct machine;

/* ---- machine.c ---- */

struct machine *machine_new(const char *path);
void machine_free(struct machine *m);

/** Memory at an address of the program's, backed by memory of ours, which is returned. */
void *machine_map(struct machine *m, uint64_t address, uint64_t size);

/** Watch what a neighbour writes; areas do not overlap. */
void machine_watch(struct machine *m, uint64_t start, uint64_t size, enum kind kind, unsigned link);

/**
 * A queue whose tail (or a ring whose index) lies at `index`, of `size` bytes: what is
 * loaded of its entries must lie between what was given back and the last good value of
 * the index. `released` is where the program says what it gave back; NULL: entries are
 * counted as they are loaded.
 */
void machine_guard(struct machine *m, uint64_t index, unsigned size, uint64_t entries,
                   uint32_t entry, uint32_t capacity, const volatile uint32_t *released);

/** Whether the program has memcpy() in line. */
void machine_copies(struct machine *m, bool copies);

/** The device whose index this is has been reset. */
void machine_guard_anew(struct machine *m, uint64_t index);

/** From now on, whoever loads an index again in a wake-up finds an impossible one. */
void machine_lie(struct machine *m);

/** Count a new step when the program stores to [start, start + size). */
void machine_step_on_store(struct machine *m, uint64_t start, uint64_t size, enum kind kind,
                           unsigned link);

/** Let `device` answer loads from and stores to registers. */
void machine_registers(struct machine *m, uint64_t address, uint64_t size, void *device);

/** Tell the program what the composer would. */
void machine_configure(struct machine *m, const struct quoll_config *config, const uint64_t *io);

/**
 * Run until the program waits: first from its start, then from where it waited, with
 * these channels' notifications.
 *
 * @return false if it did not come to rest, or faulted; said on stderr
 */
bool machine_run(struct machine *m, uint64_t badge);

struct totals {
    uint64_t wakeups, loads, bytes[KIND_COUNT];
    uint64_t load_instructions, executed; /* of all instructions that load, those that ran */
    uint64_t lies, instructions;
    unsigned findings;
};
struct totals machine_totals(const struct machine *m);

/* ---- device.c ---- */

struct device;
struct device *device_virtio(struct machine *m, unsigned id, uint64_t dma_address, uint64_t dma_io,
                             uint64_t dma_size);
struct device *device_pl011(void);
uint32_t device_read(struct device *device, uint64_t offset, unsigned size);
void device_write(struct device *device, uint64_t offset, uint32_t value);

/** Answer some of what the driver offered; @return whether there is anything to say */
bool device_work(struct device *device);

/* ---- peers.c ---- */

/** Set a program up with the neighbours that its name says. @return NULL: no such program */
struct world *world_new(struct machine *m, const char *name);

/** Let the neighbours act. @return the notifications to send */
uint64_t world_act(struct world *world);

uint32_t draw(uint32_t below);

#endif
