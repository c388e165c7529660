/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs call in the simulator, by way of gate.S, which knows the order. */
#ifndef SIM_CALLS_H
#define SIM_CALLS_H

#include <stdbool.h>
#include <stdint.h>

struct sim_calls {
    void (*access)(const volatile void *at, uint64_t size, unsigned kind);
    uint64_t (*mmio_read)(const volatile void *at, unsigned size);
    void (*mmio_write)(volatile void *at, uint64_t value, unsigned size);
    void (*timer_write)(unsigned which, uint64_t value);
    void (*notify)(unsigned channel);
    void (*irq_ack)(unsigned channel);
    void (*sleep)(void);
    uint64_t (*counter)(void);
    void (*out_of_fuel)(void);
    bool (*store_late)(volatile void *at, uint64_t value, unsigned size);
    bool (*load_own)(const volatile void *at, uint64_t *value, unsigned size);
    void (*fence)(void);
    uint64_t (*call)(unsigned channel, uint64_t info);
    void (*reply)(uint64_t info);
    uint64_t (*received)(void);
    uint64_t (*mr_get)(uint8_t index);
    void (*mr_set)(uint8_t index, uint64_t value);
    void (*puts)(const char *text);
    void (*restart)(unsigned child, uint64_t entry);
    void (*stop)(unsigned child);
};

extern const struct sim_calls *sim_calls;
extern const struct sim_calls calls_here; /* in this process */

/* Of the protection domain that runs, or NULL: see gate.S. */
extern void **sim_kernel_stack;

void sim_sleep(void); /* the wake-up has come to its end */

/* access.c */
void access_look(const volatile void *at, uint64_t size, unsigned kind);
uint64_t access_mmio_read(const volatile void *at, unsigned size);
void access_mmio_write(volatile void *at, uint64_t value, unsigned size);
void access_timer_write(unsigned which, uint64_t value);
bool access_store_late(volatile void *at, uint64_t value, unsigned size);
bool access_load_own(const volatile void *at, uint64_t *value, unsigned size);
void access_fence(void);

/* kernel.c */
void kernel_notify(unsigned channel);
void kernel_irq_ack(unsigned channel);
void kernel_sleep(void);

/* message.c */
uint64_t message_call(unsigned channel, uint64_t info);
void message_reply(uint64_t info);
uint64_t message_received(void);
uint64_t message_get(uint8_t index);
void message_set(uint8_t index, uint64_t value);
void message_restart(unsigned child, uint64_t entry);
void message_stop(unsigned child);

/* clock.c */
uint64_t clock_counter(void);
void clock_out_of_fuel(void);

#endif
