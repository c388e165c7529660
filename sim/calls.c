/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/calls.h"

#include "sim/sim.h"

const struct sim_calls calls_here = {
    .access = access_look,
    .mmio_read = access_mmio_read,
    .mmio_write = access_mmio_write,
    .timer_write = access_timer_write,
    .notify = kernel_notify,
    .irq_ack = kernel_irq_ack,
    .sleep = kernel_sleep,
    .counter = clock_counter,
    .out_of_fuel = clock_out_of_fuel,
    .store_late = access_store_late,
    .load_own = access_load_own,
    .fence = access_fence,
    .call = message_call,
    .reply = message_reply,
    .received = message_received,
    .mr_get = message_get,
    .mr_set = message_set,
    .puts = report_output,
    .restart = message_restart,
    .stop = message_stop,
};

const struct sim_calls *sim_calls = &calls_here;
void **sim_kernel_stack;
