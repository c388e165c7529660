/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices of a system, and what sim/device.h promises to their models.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "sim/sim.h"
#include "text.h"

#define DRIVER_SUFFIX "_driver" /* the composer's name for a device's driver */

extern const struct sim_model *const __start_sim_models[] __attribute__((weak));
extern const struct sim_model *const __stop_sim_models[] __attribute__((weak));

static struct sim_pd *driver_of[SIM_MAX_DEVICES];
static uint64_t base_of[SIM_MAX_DEVICES]; /* physical address of register range 0 */
static int watched[SIM_MAX_DEVICES];
static unsigned watching;
static bool busy;

#define ACTOR_STACK (64U * 1024U)

bool device_busy(void)
{
    return busy;
}

/* ---- Which devices there are ---- */

static const struct sim_model *model_for(const struct quoll_driver *about)
{
    for (const struct sim_model *const *m = __start_sim_models; m < __stop_sim_models; m++) {
        bool fits = false;
        for (size_t i = 0; i < sizeof about->compatible / sizeof about->compatible[0]; i++) {
            fits = fits || strcmp(about->compatible[i], (*m)->compatible) == 0;
        }
        if (fits &&
            ((*m)->class_name == NULL || strcmp((*m)->class_name, about->class_name) == 0)) {
            return *m;
        }
    }
    return NULL;
}

static const char *device_name(const struct sim_pd *driver)
{
    size_t length = strlen(driver->name), suffix = strlen(DRIVER_SUFFIX);

    if (length > suffix && strcmp(driver->name + length - suffix, DRIVER_SUFFIX) == 0) {
        return text_copy(driver->name, length - suffix);
    }
    return driver->name;
}

static const char *options_of(const char *name)
{
    for (size_t i = 0; i < sim_options.device_count; i++) {
        if (strcmp(sim_options.device[i].name, name) == 0) {
            return sim_options.device[i].options;
        }
    }
    return "";
}

static void add_device(struct sim_pd *driver, const struct sim_model *model)
{
    unsigned index = (unsigned)sim_system.device_count++;
    struct sim_device *device = &sim_system.devices[index];
    const struct quoll_region_config *range = &driver->config->device.registers[0];
    struct sim_pd *owner;
    const struct sim_view *view = memory_view(range->vaddr, &owner);

    *device = (struct sim_device){.model = model,
                                  .name = device_name(driver),
                                  .state = text_alloc(1, model->state_size + 1),
                                  .index = index};
    sim_system.actors[index] = (struct sim_pd){.name = device->name,
                                               .index = SIM_MAX_PDS + index,
                                               .device = device,
                                               .stack = text_alloc(1, ACTOR_STACK),
                                               .stack_size = ACTOR_STACK};
    driver->device = device;
    driver_of[index] = driver;
    base_of[index] = view == NULL ? 0 : view->region->physical + (range->vaddr - view->address);
    for (size_t i = 0; i < driver->irq_count; i++) {
        driver->irqs[i].device = device;
        driver->irqs[i].line = (unsigned)i;
    }
}

/* A name in --device that no device has. */
static void check_names(void)
{
    for (size_t i = 0; i < sim_options.device_count; i++) {
        const char *names[SIM_MAX_DEVICES];
        bool known = false;
        for (size_t j = 0; j < sim_system.device_count; j++) {
            names[j] = sim_system.devices[j].name;
            known = known || strcmp(names[j], sim_options.device[i].name) == 0;
        }
        if (!known) {
            const char *meant =
                diag_nearest(sim_options.device[i].name, names, sim_system.device_count);
            diag_fatal("--device %s: the system has no such device%s%s", sim_options.device[i].name,
                       meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "");
        }
    }
}

void device_create(void)
{
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        struct sim_pd *pd = &sim_system.pds[i];
        const struct quoll_driver *about = dlsym(pd->handle, "quoll_driver");
        if (about == NULL || pd->config == NULL) {
            continue;
        }
        const struct sim_model *model = model_for(about);
        if (model == NULL || sim_system.device_count == SIM_MAX_DEVICES) {
            diag_fatal("%s: the simulator has no device that is '%s'", pd->name,
                       about->compatible[0]);
        }
        add_device(pd, model);
    }
    check_names();
}

/* ---- Calling them ---- */

void device_power_on(void)
{
    for (unsigned i = 0; i < sim_system.device_count; i++) {
        struct sim_device *device = &sim_system.devices[i];
        memset(device->state, 0, device->model->state_size);
        sim_machine.event[i] = SIM_NEVER;
        watched[i] = -1;
    }
    watching = 0;
    for (unsigned i = 0; i < sim_system.device_count; i++) {
        struct sim_device *device = &sim_system.devices[i];
        if (device->model->start != NULL) {
            device->model->start(device, options_of(device->name));
        }
    }
}

void device_stop(void)
{
    for (unsigned i = 0; i < sim_system.device_count; i++) {
        if (sim_system.devices[i].model->stop != NULL) {
            sim_system.devices[i].model->stop(&sim_system.devices[i]);
        }
    }
}

void device_event(struct sim_device *device)
{
    busy = true;
    device->model->event(device);
    busy = false;
}

static void access(struct sim_device *device, uint64_t offset, uint64_t *value, unsigned size,
                   bool write)
{
    busy = true;
    if (write) {
        device->model->write(device, (uint32_t)offset, *value, size);
    } else {
        *value = device->model->read(device, (uint32_t)offset, size);
    }
    busy = false;
    report_step("%s %s register 0x%lx of %s: 0x%lx", sim_current->name, write ? "writes" : "reads",
                offset, device->name, *value);
}

void device_mmio(struct sim_pd *pd, uint64_t physical, uint64_t *value, unsigned size, bool write)
{
    struct sim_device *device = pd->device;
    uint64_t range = pd->config == NULL ? 0 : pd->config->device.registers[0].size;

    if (device == NULL || physical - base_of[device->index] >= range) {
        run_fail("%s: %s a register at 0x%lx, where its device has none", pd->name,
                 write ? "writes" : "reads", physical);
    }
    access(device, physical - base_of[device->index], value, size, write);
}

void device_timer(struct sim_pd *pd, unsigned which, uint64_t value)
{
    if (pd->device == NULL) {
        run_fail("%s: writes the CPU's timer, which is not its device", pd->name);
    }
    access(pd->device, which, &value, sizeof value, true);
}

bool device_watched(void)
{
    return watching > 0;
}

bool device_poll(uint64_t timeout)
{
    struct pollfd fds[SIM_MAX_DEVICES];
    struct sim_device *who[SIM_MAX_DEVICES];
    nfds_t count = 0;

    for (unsigned i = 0; i < sim_system.device_count; i++) {
        if (watched[i] >= 0) {
            fds[count] = (struct pollfd){.fd = watched[i], .events = POLLIN};
            who[count++] = &sim_system.devices[i];
        }
    }
    struct timespec time = {(time_t)(timeout / 1000000000U), (long)(timeout % 1000000000U)};
    int got = ppoll(fds, count, timeout == SIM_NEVER ? NULL : &time, NULL);
    for (nfds_t i = 0; i < count && got > 0; i++) {
        if (fds[i].revents != 0) {
            busy = true;
            who[i]->model->input(who[i]);
            busy = false;
        }
    }
    return got > 0;
}

/* ---- What they ask for ---- */

void sim_at(struct sim_device *device, uint64_t when)
{
    sim_machine.event[device->index] = when;
    clock_shorten(when);
}

void sim_line(struct sim_device *device, unsigned line, bool level)
{
    struct sim_pd *driver = driver_of[device->index];

    if (line < driver->irq_count) {
        kernel_line(driver, line, level);
    }
}

void *sim_dma(struct sim_device *device, uint64_t io, size_t size)
{
    (void)device;
    return memory_dma(io, size);
}

void sim_output(struct sim_device *device, const void *bytes, size_t size)
{
    (void)device;
    if (!sim_options.quiet) {
        fwrite(bytes, 1, size, stdout);
        fflush(stdout);
    }
}

unsigned sim_choose(struct sim_device *device, const char *what, unsigned count)
{
    bool was_busy = busy;

    if (sim_current != NULL) {
        state_of(sim_current)->in_device = true;
    }
    busy = false; /* others may run before the answer: the search goes elsewhere first */
    unsigned chosen = choice(what, device->name, count);
    busy = was_busy;
    if (sim_current != NULL) {
        state_of(sim_current)->in_device = false;
    }
    return chosen;
}

void sim_violation(struct sim_device *device, const char *format, ...)
{
    char text[400], told[500];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(told, sizeof told, "%s: %s", device->name, text);
    if (sim_options.violations_told) {
        report_fault(told);
        return;
    }
    run_note_failure("%s", told);
}

void sim_trace(struct sim_device *device, const char *format, ...)
{
    char text[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report_step("%s: %s", device->name, text);
}

void sim_refuse(struct sim_device *device, const char *format, ...)
{
    char text[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    diag_fatal("--device %s: %s", device->name, text);
}

bool sim_watch(struct sim_device *device, int fd)
{
    if (fd >= 0 && sim_options.schedule != SIM_PRIORITY) {
        return false;
    }
    watching += (fd >= 0) - (watched[device->index] >= 0);
    watched[device->index] = fd;
    return true;
}
