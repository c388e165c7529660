/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of the whole machine, in parts: the simulator's record of it, each protection
 * domain's private memory with what is in use of its stack, each region, each device. Parts
 * that did not change are shared between snapshots.
 */
#ifndef SIM_SNAPSHOT_H
#define SIM_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

struct part;
struct sim_pd;

struct snapshot {
    struct part **parts;
};

/** After the system is loaded. */
void snapshot_create(void);

/** A number for the present state: equal states have equal numbers. */
uint64_t snapshot_hash(void);

struct snapshot snapshot_take(void);
void snapshot_restore(const struct snapshot *snapshot);
void snapshot_drop(struct snapshot *snapshot);

/** A thread has run since the last of the calls above. */
void snapshot_has_run(struct sim_pd *pd);

/** To and from bytes, for another process; pack returns 0 if there is not enough room. */
size_t snapshot_pack(const struct snapshot *snapshot, unsigned char *bytes, size_t room);
struct snapshot snapshot_unpack(const unsigned char *bytes);

#endif
