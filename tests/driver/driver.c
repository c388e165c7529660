/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See driver.h. A driver is the shared object that the simulator uses (mk/sim.mk); what
 * it asks of the simulator (sim/pd/abi.h, <quoll/hook.h>) is answered here. Loading it
 * again is what makes its variables zero.
 *
 *     driver-CLASS DRIVER.elf simulated|qemu
 *
 * With the driver as it is built for all schedules (sim/checked), the simulated device acts
 * between any two of its accesses to memory, too.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver.h"
#include "sim/pd/abi.h"

#define NO_CHANNEL_WAITS 0x10000U /* of registers: an access past the hook faults here */

const struct machine *machine;
const struct quoll_driver *driver;
unsigned char *machine_ram;
const char *machine_ram_file;
unsigned driver_interrupts;

static const char *path;
static struct {
    void *handle;
    void (*init)(void);
    void (*notified)(microkit_channel channel);
    seL4_Bool *have_signal;
    seL4_CPtr *signal_cap;
} program;
static bool masked[QUOLL_MAX_INTERRUPTS];
static unsigned char *registers;
static size_t arena_used;
static unsigned dies_in;
static bool dead, alive_before;
static jmp_buf death;
static bool acts_once;
static unsigned acts_in;

/* ---- What a program in the simulator calls ---- */

static void touch(void)
{
    if (dies_in > 0 && --dies_in == 0) {
        dead = true;
        longjmp(death, 1);
    }
}

uint64_t sim_mmio_read(const volatile void *at, unsigned size);
void sim_mmio_write(volatile void *at, uint64_t value, unsigned size);
void sim_timer_write(unsigned which, uint64_t value);

uint64_t sim_mmio_read(const volatile void *at, unsigned size)
{
    touch();
    return machine->read((uint32_t)((const volatile unsigned char *)at - registers), size);
}

void sim_mmio_write(volatile void *at, uint64_t value, unsigned size)
{
    touch();
    machine->write((uint32_t)((volatile unsigned char *)at - registers), value, size);
}

void sim_timer_write(unsigned which, uint64_t value)
{
    touch();
    machine->write_timer(which, value);
}

uint64_t sim_counter(void)
{
    return machine->now() / MACHINE_TICK_NS;
}

void sim_notify(unsigned channel)
{
    microkit_notify(channel);
}

void sim_irq_ack(unsigned channel)
{
    assert_true(channel >= DRIVER_IRQ && channel < DRIVER_IRQ + QUOLL_MAX_INTERRUPTS);
    masked[channel - DRIVER_IRQ] = false;
}

/* Of programs whose accesses are seen: the device may act before each. */
int64_t sim_fuel = INT64_MAX;
bool sim_weak;

void sim_out_of_fuel(void)
{
    sim_fuel = INT64_MAX;
}

void sim_access(const volatile void *at, uint64_t size, unsigned kind)
{
    (void)at;
    (void)size;
    (void)kind;
    if (machine != &machine_simulated) {
        return;
    }
    if (!acts_once) {
        machine_may_act();
    } else if (acts_in > 0 && --acts_in == 0) {
        machine_acts();
    }
}

bool sim_store_late(volatile void *at, uint64_t value, unsigned size)
{
    (void)at;
    (void)value;
    (void)size;
    return false;
}

bool sim_load_own(const volatile void *at, uint64_t *value, unsigned size)
{
    (void)at;
    (void)value;
    (void)size;
    return false;
}

void sim_fence(void)
{
}

uint64_t sim_wait(void)
{
    abort(); /* its main() is not used */
}

uint64_t sim_received(void)
{
    abort();
}

/* ---- Loading ---- */

static void *symbol(const char *name)
{
    void *at = dlsym(program.handle, name);

    if (at == NULL) {
        (void)fprintf(stderr, "%s: no %s in it\n", path, name);
        exit(2);
    }
    return at;
}

static void patch(const char *name, const void *from, size_t size)
{
    unsigned char *at = symbol(name);
    uintptr_t page = (uintptr_t)at & ~(uintptr_t)4095U;
    size_t span = (uintptr_t)at + size - page;

    assert_return_code(mprotect((void *)page, span, PROT_READ | PROT_WRITE), 0);
    memcpy(at, from, size);
}

static void load(void)
{
    if (program.handle != NULL) {
        (void)dlclose(program.handle);
    }
    program.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (program.handle == NULL) {
        (void)fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    program.init = (void (*)(void))symbol("init");
    program.notified = (void (*)(microkit_channel))symbol("notified");
    program.have_signal = symbol("microkit_have_signal");
    program.signal_cap = symbol("microkit_signal_cap");
    driver = symbol("quoll_driver");
}

/* Call into the program; it may die there. */
static void enter(bool start, microkit_channel channel)
{
    if (dead || setjmp(death) != 0) {
        return;
    }
    if (start) {
        program.init();
    } else {
        program.notified(channel);
    }
    if (*program.have_signal) {
        *program.have_signal = false;
        if (*program.signal_cap >= BASE_IRQ_CAP) {
            sim_irq_ack((unsigned)(*program.signal_cap - BASE_IRQ_CAP));
        } else {
            microkit_notify((unsigned)(*program.signal_cap - BASE_OUTPUT_NOTIFICATION_CAP));
        }
    }
}

/* ---- For tests ---- */

void *driver_memory(size_t size, uint64_t *io)
{
    void *at = machine_ram + arena_used;

    assert_true(size <= MACHINE_RAM_SIZE - arena_used);
    memset(at, 0, size);
    *io = MACHINE_RAM_IO + arena_used;
    arena_used += (size + 4095U) & ~(size_t)4095U;
    return at;
}

static void give_device(void)
{
    struct quoll_device_config *config = &fake_config.device;

    for (unsigned i = 0; i < driver->registers; i++) {
        config->registers[i] = (struct quoll_region_config){
            .vaddr = (uintptr_t)registers, .size = driver->register_size[i], .io = QUOLL_NO_IO};
    }
    if (driver->dma_size > 0) {
        config->dma = (struct quoll_region_config){
            .vaddr = (uintptr_t)driver_memory(driver->dma_size, &fake_io[0]),
            .size = driver->dma_size,
            .coherent = 1};
    }
    for (unsigned i = 0; i < driver->interrupts; i++) {
        config->interrupt[i] = (uint8_t)(DRIVER_IRQ + i);
    }
}

void driver_power_on(const struct machine_plugs *plugs)
{
    driver_power_off();
    fake_reset();
    arena_used = MACHINE_ARENA;
    memset(masked, 0, sizeof masked);
    driver_interrupts = 0;
    alive_before = false;
    machine->power_on(driver, plugs);
    give_device();
}

void driver_power_off(void)
{
    static bool on;

    if (on) {
        machine->power_off();
    }
    on = true;
}

void driver_start(void)
{
    load();
    patch("quoll_config", &fake_config, sizeof fake_config);
    patch("quoll_io", fake_io, sizeof fake_io);
    dead = false;
    fake_lives[fake_config.pd] += alive_before;
    alive_before = true;
    enter(true, 0);
}

void driver_wake(const struct fake_peer *peer)
{
    enter(false, peer->config->channel);
}

void driver_run(uint64_t ns)
{
    machine->pass(ns);
    for (unsigned i = 0; i < driver->interrupts && !dead; i++) {
        if (!masked[i] && machine->line(i)) {
            masked[i] = true; /* until acknowledged, as seL4 does */
            driver_interrupts++;
            enter(false, DRIVER_IRQ + i);
        }
    }
}

void driver_interrupt(void)
{
    masked[0] = true;
    enter(false, DRIVER_IRQ);
    assert_true(dead || !masked[0]); /* acknowledged: the next, which means something, comes */
}

void driver_dies_at(unsigned access)
{
    dies_in = access;
}

void driver_device_acts_at(unsigned access)
{
    acts_once = access > 0;
    acts_in = access;
}

bool driver_device_acted(void)
{
    return acts_once && acts_in == 0;
}

bool driver_dead(void)
{
    return dead;
}

int driver_set_up(void **state)
{
    (void)state;
    dies_in = 0;
    driver_device_acts_at(0);
    dead = false;
    return 0;
}

int driver_tear_down(void **state)
{
    char rule[400];

    (void)state;
    if (machine_violation(rule, sizeof rule)) {
        print_error("the driver broke a rule: %s\n", rule);
        return -1;
    }
    return 0;
}

/* ---- Running them ---- */

static void make_memory(void)
{
    static char file[] = "/dev/shm/quoll-driver-XXXXXX";
    int fd = mkstemp(file);

    machine_ram_file = file;
    if (fd < 0 || ftruncate(fd, MACHINE_RAM_SIZE) != 0) {
        perror(file);
        exit(2);
    }
    machine_ram =
        mmap(NULL, MACHINE_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    registers = mmap(NULL, NO_CHANNEL_WAITS, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: %s DRIVER.elf simulated|qemu\n", argv[0]);
        return 2;
    }
    path = argv[1];
    machine = strcmp(argv[2], "qemu") == 0 ? &machine_qemu : &machine_simulated;
    load();
    if (strcmp(driver->class_name, driver_tests.class_name) != 0) {
        (void)fprintf(stderr, "%s: a driver of class %s\n", path, driver->class_name);
        return 2;
    }
    make_memory();

    const struct driver_tests *t = &driver_tests;
    size_t count = t->count + (machine == &machine_simulated ? t->simulated_count : 0);
    struct CMUnitTest *all = calloc(count, sizeof *all);

    memcpy(all, t->tests, t->count * sizeof *all);
    if (machine == &machine_simulated) {
        memcpy(all + t->count, t->simulated, t->simulated_count * sizeof *all);
    }
    int failed = _cmocka_run_group_tests(t->class_name, all, count, NULL, NULL);

    driver_power_off();
    fake_finish();
    free(all);
    (void)dlclose(program.handle);
    (void)unlink(machine_ram_file);
    return failed;
}
