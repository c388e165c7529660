/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver under test drives: one device, some memory and a clock. There are two of
 * these machines, the simulated device and QEMU's model of it, and the tests know only
 * this.
 */
#ifndef TESTS_DRIVER_MACHINE_H
#define TESTS_DRIVER_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quoll/config.h>

/* What is plugged into the device. */
struct machine_plugs {
    int wire;            /* net: a socket of datagrams, each a frame; -1: none */
    const char *disk;    /* block: a file; NULL: none */
    bool readonly;       /* the disk */
    const char *options; /* of the simulated device (quoll-sim --help); QEMU: "" only */
};

struct machine {
    const char *name;
    void (*power_on)(const struct quoll_driver *driver, const struct machine_plugs *plugs);
    void (*power_off)(void);
    uint64_t (*read)(uint32_t offset, unsigned size);
    void (*write)(uint32_t offset, uint64_t value, unsigned size);
    void (*write_timer)(unsigned which, uint64_t value); /* as <quoll/hook.h>, in ticks of 16 ns */
    uint64_t (*now)(void);                               /* ns */
    void (*pass)(uint64_t ns); /* so much time passes, or less if something happens */
    bool (*line)(unsigned interrupt);
    size_t (*output)(char *text, size_t size); /* serial: all that was sent; how much */
};

extern const struct machine machine_simulated, machine_qemu;

/* Memory that driver, tests and device share; what is before the arena is the machine's. */
#define MACHINE_RAM_IO   0x40000000U
#define MACHINE_RAM_SIZE (64U << 20)
#define MACHINE_ARENA    (4U << 20)
extern unsigned char *machine_ram;
extern const char *machine_ram_file;

#define MACHINE_TICK_NS 16U /* of QEMU's generic timer, and the simulated one */

/* The simulated device only. */

/* Misbehave as its option "faults" says, by this seed; 0: be honest. */
void machine_misbehave(uint64_t seed);

/* The driver is about to touch memory: what the device has to do may be done first. */
void machine_may_act(void);

/* All that the device has to do now is done. */
void machine_acts(void);

/* Whether the driver broke a rule since this was asked last, on any machine; the first one. */
bool machine_violation(char *rule, size_t size);

#endif
