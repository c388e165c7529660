/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated device alone, on virtual time: what sim/device.h promises to a model,
 * for one instance. Time passes with each access and when the test lets it.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "sim/device.h"

#define ACCESS_NS   100U
#define ODD_ONE_IN  16U
#define SOON_NS     5000000U
#define OUTPUT_SIZE 65536U

extern const struct sim_model *const __start_sim_models[];
extern const struct sim_model *const __stop_sim_models[];

static struct sim_device device;
static char options[1024];
static uint64_t time_now, event_at, chance;
static bool lines[QUOLL_MAX_INTERRUPTS];
static int watched;
static char violation[400];
static char output[OUTPUT_SIZE];
static size_t output_size;

/* ---- What the model asks for ---- */

uint64_t sim_now(void)
{
    return time_now;
}

void sim_at(struct sim_device *d, uint64_t when)
{
    (void)d;
    event_at = when;
}

void sim_line(struct sim_device *d, unsigned line, bool level)
{
    (void)d;
    lines[line] = level;
}

void *sim_dma(struct sim_device *d, uint64_t io, size_t size)
{
    uint64_t offset = io - MACHINE_RAM_IO;

    (void)d;
    return offset >= MACHINE_ARENA && offset <= MACHINE_RAM_SIZE &&
                   size <= MACHINE_RAM_SIZE - offset
               ? machine_ram + offset
               : NULL;
}

unsigned sim_choose(struct sim_device *d, const char *what, unsigned count)
{
    (void)d;
    (void)what;
    if (chance == 0) {
        return 0;
    }
    chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
    uint32_t r = (uint32_t)(chance >> 33);

    return r % ODD_ONE_IN == 0 ? 1U + r / ODD_ONE_IN % (count - 1U) : 0;
}

void sim_violation(struct sim_device *d, const char *format, ...)
{
    va_list arguments;

    (void)d;
    if (violation[0] != '\0') {
        return; /* the first is the one to know of */
    }
    va_start(arguments, format);
    (void)vsnprintf(violation, sizeof violation, format, arguments);
    va_end(arguments);
}

void sim_output(struct sim_device *d, const void *bytes, size_t size)
{
    (void)d;
    if (size <= sizeof output - output_size) {
        memcpy(output + output_size, bytes, size);
        output_size += size;
    }
}

void sim_trace(struct sim_device *d, const char *format, ...)
{
    (void)d;
    (void)format;
}

void sim_refuse(struct sim_device *d, const char *format, ...)
{
    va_list arguments;

    (void)d;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    exit(2);
}

bool sim_watch(struct sim_device *d, int fd)
{
    (void)d;
    watched = fd;
    return true;
}

/* ---- The machine ---- */

void machine_misbehave(uint64_t seed)
{
    chance = seed;
}

bool machine_violation(char *rule, size_t size)
{
    bool broken = violation[0] != '\0';

    (void)snprintf(rule, size, "%s", violation);
    violation[0] = '\0';
    return broken;
}

static bool fits(const struct sim_model *model, const struct quoll_driver *driver)
{
    bool known = false;

    for (size_t i = 0; i < sizeof driver->compatible / sizeof driver->compatible[0]; i++) {
        known = known || strcmp(driver->compatible[i], model->compatible) == 0;
    }
    return known &&
           (model->class_name == NULL || strcmp(model->class_name, driver->class_name) == 0);
}

static void events(void)
{
    while (event_at <= time_now) {
        event_at = SIM_NEVER;
        device.model->event(&device);
    }
}

static void input(void)
{
    struct pollfd fd = {.fd = watched, .events = POLLIN};

    while (watched >= 0 && poll(&fd, 1, 0) > 0) {
        device.model->input(&device);
        fd.fd = watched;
    }
}

/* Numbers of their own: the device's choices do not depend on how the driver is built. */
void machine_may_act(void)
{
    static uint64_t x = 1;

    x = x * 6364136223846793005ULL + 1442695040888963407ULL;
    if ((x >> 33) % 16U != 0) {
        return;
    }
    machine_acts();
}

void machine_acts(void)
{
    input();
    if (event_at <= time_now + SOON_NS) { /* a deadline in an hour is not work */
        time_now = event_at > time_now ? event_at : time_now;
        events();
    }
}

static void power_on(const struct quoll_driver *driver, const struct machine_plugs *plugs)
{
    const struct sim_model *const *m = __start_sim_models;

    while (m < __stop_sim_models && !fits(*m, driver)) {
        m++;
    }
    if (m == __stop_sim_models) {
        (void)fprintf(stderr, "no simulated device is '%s'\n", driver->compatible[0]);
        exit(2);
    }
    (void)snprintf(options, sizeof options, "%s", plugs->options);
    size_t end = strlen(options);

    if (plugs->wire >= 0) {
        (void)snprintf(options + end, sizeof options - end, ",net=fd:%d", plugs->wire);
    } else if (plugs->disk != NULL) {
        (void)snprintf(options + end, sizeof options - end, ",file=%s,write=%s,readonly=%s",
                       plugs->disk, plugs->readonly ? "no" : "yes", plugs->readonly ? "yes" : "no");
    }
    device =
        (struct sim_device){.model = *m, .name = "device", .state = calloc(1, (*m)->state_size)};
    time_now = 1000000000;
    event_at = SIM_NEVER;
    watched = -1;
    output_size = 0;
    chance = 0;
    memset(lines, 0, sizeof lines);
    if (device.model->start != NULL) {
        device.model->start(&device, options);
    }
}

static void power_off(void)
{
    if (device.model != NULL && device.model->stop != NULL) {
        device.model->stop(&device);
    }
    free(device.state);
    device = (struct sim_device){0};
}

static uint64_t read(uint32_t offset, unsigned size)
{
    time_now += ACCESS_NS;
    events();
    input();
    return device.model->read(&device, offset, size);
}

static void write(uint32_t offset, uint64_t value, unsigned size)
{
    time_now += ACCESS_NS;
    events();
    device.model->write(&device, offset, value, size);
}

static void write_timer(unsigned which, uint64_t value)
{
    write(which, value, sizeof value);
}

static void pass(uint64_t ns)
{
    uint64_t until = time_now + ns;

    input();
    time_now = event_at < until ? (event_at > time_now ? event_at : time_now) : until;
    events();
    input();
}

static bool line(unsigned interrupt)
{
    return lines[interrupt];
}

static size_t copy_output(char *text, size_t size)
{
    size = size < output_size ? size : output_size;
    memcpy(text, output, size);
    return size;
}

const struct machine machine_simulated = {
    .name = "simulated",
    .power_on = power_on,
    .power_off = power_off,
    .read = read,
    .write = write,
    .write_timer = write_timer,
    .now = sim_now,
    .pass = pass,
    .line = line,
    .output = copy_output,
};
