/* SPDX-License-Identifier: BSD-2-Clause */
/* What the simulator and a protection domain's process say to each other: see process.c. */
#ifndef SIM_PROCESS_MESSAGE_H
#define SIM_PROCESS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/sim.h"

#define TEXT 512U
#define SEEN 16U

enum op {
    OP_ANSWER,
    OP_WAKE,
    OP_AT_REST,
    OP_SLEEP,
    OP_FAULT,
    OP_ACCESS,
    OP_MMIO_READ,
    OP_MMIO_WRITE,
    OP_TIMER_WRITE,
    OP_NOTIFY,
    OP_IRQ_ACK,
    OP_COUNTER,
    OP_OUT_OF_FUEL,
    OP_STORE_LATE,
    OP_LOAD_OWN,
    OP_FENCE,
    OP_CALL,
    OP_REPLY,
    OP_RECEIVED,
    OP_MR_GET,
    OP_MR_SET,
    OP_PUTS,
    OP_RESTART,
    OP_STOP,
};

struct message {
    uint32_t op;
    uint32_t size; /* of what follows the arguments */
    int64_t fuel;
    uint64_t now; /* of the simulator, when it gave the fuel */
    uint64_t argument[3];
    uint32_t seen_count;
    uint32_t seen[SEEN]; /* accesses: the address, which is even, plus one if it was written */
    union {
        char text[TEXT];
        struct sim_fault fault;
    };
};

#define HEADER offsetof(struct message, text)

/* process_inside.c */
_Noreturn void process_be(struct sim_pd *pd, int socket);
void process_run_program(uint64_t badge);

#endif
