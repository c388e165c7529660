/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated virtio transport: registers (4.2.2), status (2.1, 3.1), interrupts.
 * A driver that breaks a rule for drivers is told so as a violation. Section numbers
 * are VIRTIO 1.2's.
 */
#include <string.h>

#include "options.h"
#include "virtio.h"

#define MAGIC  0x74726976U
#define VENDOR 0x6c6f7551U

/* 4.2.2 */
enum {
    R_MAGIC = 0x000,
    R_VERSION = 0x004,
    R_DEVICE_ID = 0x008,
    R_VENDOR_ID = 0x00c,
    R_DEVICE_FEATURES = 0x010,
    R_DEVICE_FEATURES_SELECT = 0x014,
    R_DRIVER_FEATURES = 0x020,
    R_DRIVER_FEATURES_SELECT = 0x024,
    R_QUEUE_SELECT = 0x030,
    R_QUEUE_SIZE_MAX = 0x034,
    R_QUEUE_SIZE = 0x038,
    R_QUEUE_READY = 0x044,
    R_QUEUE_NOTIFY = 0x050,
    R_INTERRUPT_STATUS = 0x060,
    R_INTERRUPT_ACK = 0x064,
    R_STATUS = 0x070,
    R_QUEUE_DESCRIPTORS = 0x080,
    R_QUEUE_AVAILABLE = 0x090,
    R_QUEUE_USED = 0x0a0,
    R_GENERATION = 0x0fc,
    R_CONFIG = 0x100,
};

/* 2.1 */
#define S_DRIVER      2U
#define S_DRIVER_OK   4U
#define S_FEATURES_OK 8U
#define S_NEEDS_RESET 64U
#define S_FAILED      128U

#define I_USED   1U
#define I_CONFIG 2U

/* 6: what every kind offers, and what it knows; INDIRECT is not modelled. */
#define F_EVENT_IDX 29U
#define F_VERSION_1 32U
static const struct virtio_feature common[] = {
    {"event_idx", F_EVENT_IDX}, {"version_1", F_VERSION_1}, {NULL, 0}};

#define RESET_SLOW   20000U   /* ns */
#define LATE_AT_MOST 1000000U /* ns */

static struct virtio *virtio_of(const struct sim_device *device)
{
    return device->state;
}

/* ---- Options ---- */

static const struct virtio_feature *named(const struct virtio_feature *features, const char *name)
{
    for (; features->name != NULL; features++) {
        if (strcmp(features->name, name) == 0) {
            return features;
        }
    }
    return NULL;
}

static uint64_t without(struct sim_device *device, const struct virtio_kind *kind, char *names)
{
    uint64_t set = 0;

    for (char *name = strtok(names, "+"); name != NULL; name = strtok(NULL, "+")) {
        const struct virtio_feature *feature = named(common, name);

        feature = feature == NULL ? named(kind->features, name) : feature;
        if (feature == NULL) {
            sim_refuse(device, "without=%s: there is no such feature", name);
        }
        set |= 1ULL << feature->bit;
    }
    return set;
}

/* By the bits of enum virtio_fault. */
static const char *const fault_names[] = {"id",       "length", "index",  "late", "lost",
                                          "spurious", "stuck",  "config", "torn", "reset",
                                          "slow",     "dead",   "data",   NULL};

/* ---- Chance ---- */

/* Xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators". */
uint64_t virtio_random(struct sim_device *device)
{
    uint64_t *x = &virtio_of(device)->random;

    *x ^= *x >> 12;
    *x ^= *x << 25;
    *x ^= *x >> 27;
    return *x * 0x2545f4914f6cdd1dULL;
}

bool virtio_fault(struct sim_device *device, enum virtio_fault fault, const char *what)
{
    struct virtio *v = virtio_of(device);

    if ((v->faults & (uint32_t)fault) == 0 ||
        (v->rate > 1 && virtio_random(device) % v->rate != 0) || sim_choose(device, what, 2) == 0) {
        return false;
    }
    sim_trace(device, "misbehaves: %s", what);
    return true;
}

/* ---- Interrupts and time ---- */

static void interrupt(struct sim_device *device, uint32_t why)
{
    struct virtio *v = virtio_of(device);

    v->interrupt |= why;
    sim_line(device, 0, v->interrupt != 0);
}

static void set_timer(struct sim_device *device)
{
    struct virtio *v = virtio_of(device);

    sim_at(device, v->work_at < v->reset_at ? v->work_at : v->reset_at);
}

void virtio_work_in(struct sim_device *device, uint64_t after)
{
    struct virtio *v = virtio_of(device);
    uint64_t when = sim_now() + v->latency + after;

    if (virtio_fault(device, VIRTIO_FAULT_LATE, "late")) {
        when += virtio_random(device) % LATE_AT_MOST;
    }
    if (when < v->work_at) {
        v->work_at = when;
        set_timer(device);
    }
}

bool virtio_running(const struct sim_device *device)
{
    const struct virtio *v = virtio_of(device);

    return (v->status & S_DRIVER_OK) != 0 && (v->status & S_NEEDS_RESET) == 0;
}

bool virtio_has(const struct sim_device *device, unsigned bit)
{
    return (virtio_of(device)->accepted >> bit & 1U) != 0;
}

void virtio_config_changed(struct sim_device *device)
{
    struct virtio *v = virtio_of(device);

    v->generation += 1U;
    if ((v->status & S_DRIVER_OK) != 0) {
        interrupt(device, I_CONFIG);
    }
}

/* Things that a device may do at any time; this is one. */
static void surprise(struct sim_device *device)
{
    struct virtio *v = virtio_of(device);

    if ((v->status & S_DRIVER_OK) == 0) {
        return;
    }
    if (virtio_fault(device, VIRTIO_FAULT_SPURIOUS, "spurious interrupt")) {
        interrupt(device, I_USED);
    }
    if (virtio_fault(device, VIRTIO_FAULT_CONFIG, "configuration changes")) {
        v->kind->change(device);
        virtio_config_changed(device);
    }
    if (virtio_fault(device, VIRTIO_FAULT_RESET, "needs reset")) {
        v->status |= S_NEEDS_RESET;
        interrupt(device, I_CONFIG);
    }
}

void virtio_tell(struct sim_device *device, unsigned queue)
{
    struct virtio *v = virtio_of(device);
    struct virtio_queue *q = &v->queue[queue];
    uint16_t fresh = (uint16_t)(q->done - q->told);
    uint16_t *available = fresh == 0 ? NULL : sim_dma(device, q->available, 6U + 2U * q->size);

    if (available == NULL) {
        return;
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint16_t event = __atomic_load_n(&available[2U + q->size], __ATOMIC_RELAXED);
    uint16_t flags = __atomic_load_n(&available[0], __ATOMIC_RELAXED);
    bool wanted = virtio_has(device, F_EVENT_IDX) ? (uint16_t)(q->done - event - 1U) < fresh
                                                  : (flags & 1U) == 0;

    q->told = q->done;
    if (wanted && !virtio_fault(device, VIRTIO_FAULT_LOST, "lost interrupt")) {
        interrupt(device, I_USED);
    }
}

/* ---- Reset ---- */

static void finish_reset(struct sim_device *device)
{
    struct virtio *v = virtio_of(device);

    v->status = 0;
    v->accepted = 0;
    v->interrupt = 0;
    v->feature_select = v->accept_select = v->queue_select = 7; /* 4.2.2 promises nothing */
    v->work_at = v->reset_at = SIM_NEVER;
    memset(v->queue, 0, sizeof v->queue);
    v->kind->reset(device);
    sim_line(device, 0, false);
    set_timer(device);
}

static void begin_reset(struct sim_device *device)
{
    struct virtio *v = virtio_of(device);

    if (v->reset_at != SIM_NEVER || v->dead) {
        return;
    }
    if (v->status == 0) { /* nobody could tell whether this one is over */
        finish_reset(device);
        return;
    }
    if (virtio_fault(device, VIRTIO_FAULT_DEAD, "never finishes its reset")) {
        v->dead = true;
    } else if (virtio_fault(device, VIRTIO_FAULT_SLOW, "slow reset")) {
        v->reset_at = sim_now() + RESET_SLOW;
        set_timer(device);
    } else {
        finish_reset(device);
    }
}

void virtio_event(struct sim_device *device)
{
    struct virtio *v = virtio_of(device);

    if (v->work_at <= sim_now()) {
        v->work_at = SIM_NEVER;
        if (virtio_running(device)) {
            v->kind->work(device);
        }
    }
    if (v->reset_at <= sim_now()) {
        finish_reset(device);
    }
    set_timer(device);
}

void virtio_start(struct sim_device *device, const struct virtio_kind *kind, uint64_t features,
                  const char *options)
{
    struct virtio *v = virtio_of(device);
    char text[256];

    v->kind = kind;
    v->version = (uint32_t)option_number(device, options, "version", 2);
    v->queue_max = (uint32_t)option_number(device, options, "queue", VIRTIO_QUEUE_MAX);
    v->latency = option_number(device, options, "latency", 0);
    v->rate = (uint32_t)option_number(device, options, "rate", 1);
    v->random = option_number(device, options, "seed", 1) * 2U + 1U;
    v->offered = features | 1ULL << F_EVENT_IDX | 1ULL << F_VERSION_1;
    if (v->queue_max > VIRTIO_QUEUE_MAX) {
        sim_refuse(device, "queue=%u: at most %u", v->queue_max, VIRTIO_QUEUE_MAX);
    }
    if (sim_option(options, "without", text, sizeof text)) {
        v->offered &= ~without(device, kind, text);
    }
    v->faults = option_words(device, options, "faults", fault_names, (uint32_t)~VIRTIO_FAULT_DEAD);
    finish_reset(device);
}

/* ---- Reading ---- */

static uint64_t read_config(struct sim_device *device, uint32_t offset, unsigned size)
{
    struct virtio *v = virtio_of(device);
    uint64_t value = 0;

    if (offset > v->kind->config_size || size > v->kind->config_size - offset || size > 4) {
        return 0; /* 4.2.2 leaves it open; the driver maps what there may be */
    }
    if (offset % size != 0) {
        sim_violation(device, "reads %u bytes of the configuration at %u (4.2.2.2)", size, offset);
    }
    if (virtio_fault(device, VIRTIO_FAULT_TORN, "configuration changes while it is read")) {
        v->kind->change(device);
        virtio_config_changed(device);
    }
    memcpy(&value, v->config + offset, size);
    return value;
}

static uint32_t half(uint64_t value, uint32_t select)
{
    return select < 2 ? (uint32_t)(value >> (32U * select)) : 0;
}

static struct virtio_queue *selected(struct virtio *v)
{
    return v->queue_select < v->kind->queues ? &v->queue[v->queue_select] : NULL;
}

static uint32_t read_register(struct sim_device *device, uint32_t offset)
{
    struct virtio *v = virtio_of(device);
    struct virtio_queue *q = selected(v);

    switch (offset) {
    case R_MAGIC:
        return MAGIC;
    case R_VERSION:
        return v->version;
    case R_DEVICE_ID:
        return v->kind->id;
    case R_VENDOR_ID:
        return VENDOR;
    case R_DEVICE_FEATURES:
        return half(v->offered, v->feature_select);
    case R_QUEUE_SIZE_MAX:
        return q == NULL ? 0 : v->queue_max;
    case R_QUEUE_READY:
        return q != NULL && q->ready;
    case R_INTERRUPT_STATUS:
        return v->interrupt;
    case R_STATUS:
        return v->status;
    case R_GENERATION:
        return v->generation;
    default:
        sim_violation(device, "reads 0x%03x, which is no register to read (4.2.2)", offset);
        return 0;
    }
}

uint64_t virtio_read(struct sim_device *device, uint32_t offset, unsigned size)
{
    if (offset >= R_CONFIG) {
        return read_config(device, offset - R_CONFIG, size);
    }
    if (size != 4 || offset % 4 != 0) {
        sim_violation(device, "reads %u bytes at 0x%03x (4.2.2.2)", size, offset);
        return 0;
    }
    return read_register(device, offset);
}

/* ---- Writing ---- */

/* 3.1.1: only set bits may be added, and in order. */
static void write_status(struct sim_device *device, uint32_t value)
{
    struct virtio *v = virtio_of(device);
    uint32_t fresh = value & ~v->status;

    if (value == 0) {
        begin_reset(device);
        return;
    }
    if (v->reset_at != SIM_NEVER || v->dead) {
        return;
    }
    if ((v->status & ~value & ~S_NEEDS_RESET) != 0) {
        sim_violation(device, "clears bits of the status: %u to %u (2.1.1)", v->status, value);
    }
    if ((fresh & S_FEATURES_OK) != 0 &&
        ((v->accepted & ~v->offered) != 0 || !virtio_has(device, F_VERSION_1))) {
        value &= ~S_FEATURES_OK;
    }
    if ((fresh & S_DRIVER_OK) != 0 && (v->status & S_FEATURES_OK) == 0) {
        sim_violation(device, "DRIVER_OK before FEATURES_OK (3.1.1)");
    }
    v->status = (value & ~S_NEEDS_RESET) | (v->status & S_NEEDS_RESET);
}

static void accept(struct sim_device *device, uint32_t value)
{
    struct virtio *v = virtio_of(device);

    if ((v->status & S_DRIVER) == 0 || (v->status & S_FEATURES_OK) != 0) {
        sim_violation(device, "writes features with status %u (3.1.1)", v->status);
    } else if (v->accept_select < 2) {
        unsigned shift = 32U * v->accept_select;

        v->accepted = (v->accepted & ~(0xffffffffULL << shift)) | (uint64_t)value << shift;
        if ((v->accepted & ~v->offered) != 0) {
            sim_violation(device, "accepts features %llx that are not offered (2.2.1)",
                          (unsigned long long)(v->accepted & ~v->offered));
        }
    }
}

static void make_ready(struct sim_device *device, struct virtio_queue *q, uint32_t value)
{
    struct virtio *v = virtio_of(device);
    uint32_t n = q->size;

    if (value == 0) {
        q->ready = false;
        return;
    }
    if ((v->status & S_FEATURES_OK) == 0) {
        sim_violation(device, "a queue is ready before FEATURES_OK (3.1.1)");
    }
    if (n == 0 || n > v->queue_max || (n & (n - 1U)) != 0) {
        sim_violation(device, "a queue of %u descriptors (2.7)", n);
        return;
    }
    if (q->descriptors % 16 != 0 || q->available % 2 != 0 || q->used % 4 != 0 ||
        sim_dma(device, q->descriptors, 16U * n) == NULL ||
        sim_dma(device, q->available, 6U + 2U * n) == NULL ||
        sim_dma(device, q->used, 6U + 8U * n) == NULL) {
        sim_violation(device, "queue %u is not in memory, or not aligned (2.7)", v->queue_select);
        return;
    }
    q->ready = true;
    (void)virtio_await(device, v->queue_select, true);
}

static void set_half(uint64_t *address, uint32_t value, bool high)
{
    *address = high ? (*address & 0xffffffffU) | (uint64_t)value << 32
                    : (*address & ~0xffffffffULL) | value;
}

static void write_queue(struct sim_device *device, uint32_t offset, uint32_t value)
{
    struct virtio_queue *q = selected(virtio_of(device));

    if (q == NULL || (q->ready && offset != R_QUEUE_READY)) {
        sim_violation(device, "writes 0x%03x of a queue that is %s (4.2.3.2)", offset,
                      q == NULL ? "not there" : "ready");
        return;
    }
    switch (offset & ~4U) {
    case R_QUEUE_SIZE & ~4U:
        q->size = value;
        break;
    case R_QUEUE_READY & ~4U:
        make_ready(device, q, value);
        break;
    case R_QUEUE_DESCRIPTORS:
        set_half(&q->descriptors, value, (offset & 4U) != 0);
        break;
    case R_QUEUE_AVAILABLE:
        set_half(&q->available, value, (offset & 4U) != 0);
        break;
    default:
        set_half(&q->used, value, (offset & 4U) != 0);
        break;
    }
}

static void notify(struct sim_device *device, uint32_t queue)
{
    struct virtio *v = virtio_of(device);

    if ((v->status & S_DRIVER_OK) == 0) {
        sim_violation(device, "notified before DRIVER_OK (3.1.1)");
    } else if (queue >= v->kind->queues || !v->queue[queue].ready) {
        sim_violation(device, "notified of queue %u, which is not ready", queue);
    } else {
        virtio_work_in(device, 0);
        surprise(device);
    }
}

static void acknowledge(struct sim_device *device, uint32_t value)
{
    struct virtio *v = virtio_of(device);

    if ((value & ~(I_USED | I_CONFIG)) != 0) {
        sim_violation(device, "acknowledges reasons that there are not: %x (4.2.2)", value);
    }
    if (value != 0 && virtio_fault(device, VIRTIO_FAULT_STUCK, "the interrupt stays")) {
        return;
    }
    v->interrupt &= ~value;
    sim_line(device, 0, v->interrupt != 0);
    surprise(device);
}

static void write_register(struct sim_device *device, uint32_t offset, uint32_t value)
{
    struct virtio *v = virtio_of(device);

    switch (offset) {
    case R_DEVICE_FEATURES_SELECT:
        v->feature_select = value;
        break;
    case R_DRIVER_FEATURES:
        accept(device, value);
        break;
    case R_DRIVER_FEATURES_SELECT:
        v->accept_select = value;
        break;
    case R_QUEUE_SELECT:
        v->queue_select = value;
        break;
    case R_QUEUE_SIZE:
    case R_QUEUE_READY:
    case R_QUEUE_DESCRIPTORS:
    case R_QUEUE_DESCRIPTORS + 4:
    case R_QUEUE_AVAILABLE:
    case R_QUEUE_AVAILABLE + 4:
    case R_QUEUE_USED:
    case R_QUEUE_USED + 4:
        write_queue(device, offset, value);
        break;
    case R_QUEUE_NOTIFY:
        notify(device, value);
        break;
    case R_INTERRUPT_ACK:
        acknowledge(device, value);
        break;
    case R_STATUS:
        write_status(device, value);
        break;
    default:
        sim_violation(device, "writes 0x%03x, which is no register to write (4.2.2)", offset);
    }
}

void virtio_write(struct sim_device *device, uint32_t offset, uint64_t value, unsigned size)
{
    struct virtio *v = virtio_of(device);

    if (size != 4 || offset % 4 != 0 || offset >= R_CONFIG) {
        sim_violation(device, "writes %u bytes at 0x%03x (4.2.2.2)", size, offset);
        return;
    }
    /* One that is deaf, though its status may read as reset, has nothing to blame a driver for. */
    if (offset == R_STATUS || (v->reset_at == SIM_NEVER && !v->dead)) {
        write_register(device, offset, (uint32_t)value);
    }
}
