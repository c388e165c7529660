/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between a program in the simulator and the simulator: what sim/pd, which is linked into
 * each program, calls, and what the simulator finds in a program. (The Microkit's calls
 * and <quoll/hook.h> are the rest.)
 */
#ifndef SIM_ABI_H
#define SIM_ABI_H

#include <stdbool.h>
#include <stdint.h>

/*
 * All memory regions lie here, each view at addresses of its own: above what programs
 * use themselves, below what AddressSanitizer takes.
 */
#define SIM_REGIONS_START 0x10000000U
#define SIM_REGIONS_END   0x7fff0000U
#define SIM_REGIONS_SIZE  (SIM_REGIONS_END - SIM_REGIONS_START)

enum sim_access_kind { SIM_READ = 0, SIM_WRITE = 1, SIM_ATOMIC = 2 };

/* One in each program, `sim_program`; the simulator fills in the ranges. */
struct sim_program {
    void (*wake)(uint64_t badge); /* one wake-up; badge 0: start */
    char *name;                   /* microkit_name */
    void (*before_restart)(void); /* NULL: nothing to save */
    uintptr_t image_start, image_size;
    uintptr_t stack_start, stack_size;
};

/* ---- What the simulator offers ---- */

/* Basic blocks that the program may still run before it must call sim_out_of_fuel(). */
extern int64_t sim_fuel;
void sim_out_of_fuel(void);

/*
 * In a badge, instead of channels: a child, whose number is the rest, has faulted; a
 * protected call on the channel that is the rest.
 */
#define SIM_BADGE_FAULT (1ULL << 62)
#define SIM_BADGE_CALL  (1ULL << 63)

/* A message without its words: the label and how many words. */
#define SIM_INFO(label, count) ((uint64_t)(label) << 12 | (count))
#define SIM_INFO_LABEL(info)   ((info) >> 12)
#define SIM_INFO_COUNT(info)   ((info) & 0xfffU)
uint64_t sim_received(void); /* with the badge */
uint64_t sim_call(unsigned channel, uint64_t info);
void sim_reply(uint64_t info);

void sim_notify(unsigned channel);
void sim_irq_ack(unsigned channel);
uint64_t sim_counter(void);

/* Before an access that is not to the program's own image or stack. */
void sim_access(const volatile void *at, uint64_t size, unsigned kind);

/* Stores that other CPUs may see late; true: done, false: do it at once. */
extern bool sim_weak;
bool sim_store_late(volatile void *at, uint64_t value, unsigned size);
/* What this program stored late there; false: look into memory. */
bool sim_load_own(const volatile void *at, uint64_t *value, unsigned size);
void sim_fence(void);

#endif
