/* SPDX-License-Identifier: BSD-2-Clause */
/* A process per protection domain (--processes): see process.c. */
#ifndef SIM_PROCESS_H
#define SIM_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct sim_pd;
struct sim_fault;

/** A new process with the program as it is here; the old one is ended. */
void process_start(struct sim_pd *pd);

/** One wake-up: in the simulator, all that the program asks for until it sleeps. */
void process_wake(uint64_t badge);

/** What the program's sim_at_rest() says. */
bool process_at_rest(struct sim_pd *pd);

/** Whether this is a protection domain's process. Such a one tells the simulator of its end. */
bool process_is_inside(void);
_Noreturn void process_tell_fault(const struct sim_fault *fault);

#endif
