/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs touch: shared memory, seen before each access; registers; the CPU's
 * timer. And stores that come late.
 *
 * With --memory weak, a relaxed or release store to shared memory stays in a small
 * buffer of its program, in order, until a fence, a sequentially consistent store, a
 * system call, or a choice of the schedule lets it out; the program itself sees it at
 * once. That is the one reordering that a notification protocol must reckon with (store,
 * then load: the others need no more than the acquire and release that the sources say),
 * allowed by C17 (5.1.2.4) and done by every CPU with a store buffer.
 */
#include <string.h>

#include "sim/calls.h"
#include "sim/sim.h"

#define COST_REGISTER 100U /* ns */

bool sim_weak;

/* ---- Shared memory ---- */

void access_look(const volatile void *at, uint64_t size, unsigned kind)
{
    struct sim_pd *pd = sim_current, *owner;
    bool write = (kind & SIM_WRITE) != 0;

    if (pd == NULL) {
        return; /* a constructor, before power-on */
    }
    const struct sim_view *view = memory_view((uintptr_t)at, &owner);
    if (view == NULL || owner != pd || !memory_allows(pd, (uintptr_t)at, size, write)) {
        fault_access(at, size, write);
    }
    if (memory_is_watched(view->region)) {
        report_access(view, (uintptr_t)at, size, kind);
        choice_point(write ? "writing" : "reading");
        if (sim_weak && (kind & SIM_ATOMIC) == 0 && access_load_own(at, &(uint64_t){0}, 1)) {
            kernel_flush(pd, SIM_LATE_STORES);
        }
    }
    if (write) { /* which comes now, the point being behind it */
        memory_changed(view->region, (uintptr_t)at - view->address, size);
    }
    if ((kind & SIM_ATOMIC) != 0 && !(sim_weak && write)) {
        watch_access(view, (uintptr_t)at, write);
    }
}

bool access_store_late(volatile void *at, uint64_t value, unsigned size)
{
    struct sim_pd_state *st = state_of(sim_current);

    if ((uintptr_t)at - SIM_REGIONS_START >= SIM_REGIONS_SIZE) {
        return false;
    }
    if (st->late_count == SIM_LATE_STORES) {
        kernel_flush(sim_current, 1);
    }
    st->late[st->late_count++] = (struct sim_late_store){at, value, size};
    return true;
}

bool access_load_own(const volatile void *at, uint64_t *value, unsigned size)
{
    const struct sim_pd_state *st = state_of(sim_current);

    for (unsigned i = st->late_count; i-- > 0;) {
        const struct sim_late_store *store = &st->late[i];
        if ((uintptr_t)at - (uintptr_t)store->at < store->size) {
            *value = store->value;
            return true;
        }
    }
    (void)size;
    return false;
}

void access_fence(void)
{
    if (sim_weak && sim_current != NULL) {
        kernel_flush(sim_current, SIM_LATE_STORES);
    }
}

/* Let the first `count` late stores out. */
void kernel_flush(struct sim_pd *pd, unsigned count)
{
    struct sim_pd_state *st = state_of(pd);
    struct sim_pd *owner;

    count = count < st->late_count ? count : st->late_count;
    for (unsigned i = 0; i < count; i++) {
        struct sim_late_store *store = &st->late[i];
        const struct sim_view *view = memory_view((uintptr_t)store->at, &owner);
        memcpy((void *)(uintptr_t)store->at, &store->value, store->size);
        memory_changed(view->region, (uintptr_t)store->at - view->address, store->size);
        watch_access(view, (uintptr_t)store->at, true);
    }
    memmove(st->late, st->late + count, (st->late_count - count) * sizeof st->late[0]);
    st->late_count = (uint8_t)(st->late_count - count);
    memset(st->late + st->late_count, 0, (SIM_LATE_STORES - st->late_count) * sizeof st->late[0]);
}

/* ---- Registers ---- */

static uint64_t touch(const volatile void *at, uint64_t value, unsigned size, bool write)
{
    struct sim_pd *pd = sim_current, *owner;
    const struct sim_view *view = memory_view((uintptr_t)at, &owner);

    if (view == NULL || owner != pd ||
        (!view->region->is_device && !memory_allows(pd, (uintptr_t)at, size, write))) {
        fault_access(at, size, write);
    }
    choice_point(write ? "writing a register" : "reading a register");
    clock_spend(COST_REGISTER);
    kernel_flush(pd, SIM_LATE_STORES);
    if (!view->region->is_device) { /* memory shared with a device */
        if (write) {
            memcpy((void *)(uintptr_t)at, &value, size);
            memory_changed(view->region, (uintptr_t)at - view->address, size);
        } else {
            memcpy(&value, (const void *)(uintptr_t)at, size);
        }
        return value;
    }
    uint64_t physical = view->region->physical + ((uintptr_t)at - view->address);
    device_mmio(pd, physical, &value, size, write);
    choice_preempt();
    return value;
}

uint64_t access_mmio_read(const volatile void *at, unsigned size)
{
    return touch(at, 0, size, false);
}

void access_mmio_write(volatile void *at, uint64_t value, unsigned size)
{
    (void)touch(at, value, size, true);
}

void access_timer_write(unsigned which, uint64_t value)
{
    choice_point("writing the CPU's timer");
    clock_spend(COST_REGISTER);
    device_timer(sim_current, which, value);
    choice_preempt();
}
