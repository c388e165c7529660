/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver under test: the program as the simulator has it, in the place of a protection
 * domain whose peers the test plays (tests/unit/fake_pd.h), with a device of either
 * machine.
 *
 *     driver_power_on(&plugs);              a machine
 *     fake_link(...);                       as the class has them
 *     driver_start();                       the first life
 *     ... fake_put(...); driver_wake(channel); EVENTUALLY(...);
 *     driver_start();                       another life, whenever one likes
 *
 * Tests are of a class and know no driver. They are run for each driver of the class, on
 * each machine: test_drivers.py.
 */
#ifndef TESTS_DRIVER_DRIVER_H
#define TESTS_DRIVER_DRIVER_H

#include "fake_pd.h"

#include "machine.h"

extern const struct machine *machine;
extern const struct quoll_driver *driver; /* its description of itself */

#define DRIVER_IRQ 60U /* channel of interrupt 0; links have theirs from 0 on */

/** A machine with these plugs, a protection domain with the device and without links. */
void driver_power_on(const struct machine_plugs *plugs);
void driver_power_off(void);

/** A new life: the driver's variables are zero; it is started. */
void driver_start(void);

/** Wake the driver by a link's channel. */
void driver_wake(const struct fake_peer *peer);

/** Let time pass, at most `ns`, and deliver the interrupts that come. */
void driver_run(uint64_t ns);

/** An interrupt for nothing. */
void driver_interrupt(void);

/** Interrupts delivered so far. */
extern unsigned driver_interrupts;

/**
 * The driver dies at its `access`th next access to a register (1: the first); 0: it does
 * not.
 */
void driver_dies_at(unsigned access);

/** Whether it died since it was started. */
bool driver_dead(void);

/**
 * The simulated device acts before the driver's `access`th next access to memory and at no
 * other (1: the first; needs the checked build of the driver); 0: as before.
 */
void driver_device_acts_at(unsigned access);

/** Whether it has done so. */
bool driver_device_acted(void);

/** Memory in the arena, zeroed, whose I/O address is *io; all free again after power on. */
void *driver_memory(size_t size, uint64_t *io);

/* Wait for it, at most PATIENCE_MS; the driver is woken by interrupts alone. */
#define PATIENCE_MS 5000U
#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        uint64_t start_ = machine->now();                                                          \
        bool came_;                                                                                \
        while (!(came_ = (condition)) && !driver_dead() &&                                         \
               machine->now() - start_ < PATIENCE_MS * 1000000ULL) {                               \
            driver_run(1000000);                                                                   \
        }                                                                                          \
        if (!came_) {                                                                              \
            fail_msg("never: %s", #condition);                                                     \
        }                                                                                          \
    } while (0)

/** The tests of the class (one file defines this), and how many. */
struct driver_tests {
    const char *class_name;
    const struct CMUnitTest *tests;
    size_t count;
    const struct CMUnitTest *simulated; /* need a device that misbehaves or is peculiar */
    size_t simulated_count;
};
extern const struct driver_tests driver_tests;

int driver_set_up(void **state);
int driver_tear_down(void **state);
#define DRIVER_TEST(name) cmocka_unit_test_setup_teardown(name, driver_set_up, driver_tear_down)

#endif
