/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU's generic timer, its EL1 physical one. Source: Arm DDI 0487, D13.2.4: the
 * interrupt is a level, raised while the timer is enabled, not masked, and the counter
 * has reached the comparison value. An ordinary timer interrupts at that very time; a
 * choice makes it later, as a busy machine would. With faults, an interrupt is lost until
 * the next write, or raised for nothing until then, or the enable bit is stuck as it is.
 */
#include "include/quoll/hook.h"
#include "sim/device.h"
#include "sim/devices/options.h"

#define CONTROL     0U /* SIM_TIMER_CONTROL */
#define COMPARE     8U
#define ENABLE      1U
#define MASK        2U
#define NS_PER_TICK 16U

enum timer_fault { FAULT_LOST = 1U << 0, FAULT_SPURIOUS = 1U << 1, FAULT_STUCK = 1U << 2 };
static const char *const fault_names[] = {"lost", "spurious", "stuck", NULL};

struct timer {
    uint64_t control, compare;
    uint32_t faults;
    bool lost, spurious, stuck;
};

static bool misbehaves(struct sim_device *device, enum timer_fault fault, const char *what)
{
    const struct timer *timer = device->state;

    return (timer->faults & (uint32_t)fault) != 0 && sim_choose(device, what, 2) != 0;
}

static void start(struct sim_device *device, const char *options)
{
    struct timer *timer = device->state;

    timer->faults = option_words(device, options, "faults", fault_names, UINT32_MAX);
}

static void update(struct sim_device *device)
{
    struct timer *timer = device->state;
    bool enabled = (timer->control & (ENABLE | MASK)) == ENABLE;
    bool reached = sim_now() / NS_PER_TICK >= timer->compare;

    sim_line(device, 0, (enabled && reached && !timer->lost) || timer->spurious);
    sim_at(device, enabled && !reached && timer->compare < SIM_NEVER / NS_PER_TICK
                       ? timer->compare * NS_PER_TICK
                       : SIM_NEVER);
}

static void write(struct sim_device *device, uint32_t offset, uint64_t value, unsigned size)
{
    struct timer *timer = device->state;

    (void)size;
    timer->lost = misbehaves(device, FAULT_LOST, "lost interrupt");
    timer->spurious = misbehaves(device, FAULT_SPURIOUS, "spurious interrupt");
    timer->stuck = timer->stuck || misbehaves(device, FAULT_STUCK, "stuck control register");
    if (offset == COMPARE) {
        timer->compare = value;
    } else if (!timer->stuck) {
        timer->control = value;
    }
    update(device);
}

static uint64_t read(struct sim_device *device, uint32_t offset, unsigned size)
{
    const struct timer *timer = device->state;

    (void)size;
    return offset == CONTROL ? timer->control : timer->compare;
}

static void event(struct sim_device *device)
{
    static const uint64_t delays[] = {0, 1000, 100000, 3000000}; /* ns */
    uint64_t delay = delays[sim_choose(device, "interrupts late", 4)];

    if (delay != 0) {
        sim_at(device, sim_now() + delay);
        return;
    }
    update(device);
}

static const struct sim_model model = {
    .compatible = "arm,armv8-timer",
    .class_name = "timer",
    .state_size = sizeof(struct timer),
    .help = "faults=all or lost+spurious+stuck",
    .start = start,
    .read = read,
    .write = write,
    .event = event,
};
SIM_MODEL(model);
