/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_pd.h"

#include <quoll/time.h>

/* Under their assembler names (fake_pd.h) these are the program's const quoll_config, quoll_io. */
struct quoll_config fake_config;
uint64_t fake_io[QUOLL_MAX_IO];
_Atomic uint32_t fake_lives[QUOLL_MAX_PDS + 1];

uint64_t fake_time;
uint64_t fake_step;
seL4_Word fake_entry;
seL4_Word fake_registers[64];

char microkit_name[MICROKIT_PD_NAME_LENGTH] = "test";
seL4_Bool microkit_have_signal;
seL4_CPtr microkit_signal_cap;

static unsigned signals[MICROKIT_MAX_CHANNELS];
static unsigned acks[MICROKIT_MAX_CHANNELS];
static unsigned restarts[QUOLL_MAX_PDS + 1];
static unsigned stops[QUOLL_MAX_PDS + 1];
static char output[65536];
static size_t output_length;
static void *allocated[512];
static size_t allocations;
static uint32_t next_io;

static void *allocate(size_t size)
{
    size_t rounded = (size + 63) / 64 * 64;
    void *memory = aligned_alloc(64, rounded);

    assert_non_null(memory);
    assert_true(allocations < sizeof allocated / sizeof allocated[0]);
    memset(memory, 0, rounded);
    allocated[allocations++] = memory;
    return memory;
}

void fake_finish(void)
{
    while (allocations > 0) {
        free(allocated[--allocations]);
    }
}

void fake_reset(void)
{
    fake_finish();
    memset(&fake_config, 0, sizeof fake_config);
    memset(fake_io, 0, sizeof fake_io);
    memset(fake_lives, 0, sizeof fake_lives);
    memset(signals, 0, sizeof signals);
    memset(acks, 0, sizeof acks);
    memset(restarts, 0, sizeof restarts);
    memset(stops, 0, sizeof stops);
    output_length = 0;
    output[0] = '\0';
    next_io = 0;
    microkit_have_signal = false;
    fake_time = QUOLL_S(1);
    fake_step = 0;

    fake_config.magic = QUOLL_CONFIG_MAGIC;
    fake_config.version = QUOLL_CONFIG_VERSION;
    fake_config.lives = (uintptr_t)fake_lives;
    fake_config.counters = (uintptr_t)allocate(QUOLL_COUNTERS_SIZE);
    strcpy(fake_config.name, "test");
    memset(fake_config.device.interrupt, QUOLL_NO_CHANNEL, sizeof fake_config.device.interrupt);
}

void fake_link(struct fake_peer *peer, enum quoll_link_kind kind, const char *name,
               uint32_t pd_capacity, size_t pd_entry, uint32_t peer_capacity, size_t peer_entry)
{
    unsigned number = fake_config.links++;
    struct link_half *pd = allocate(LINK_HALF_SIZE(pd_capacity, pd_entry));
    struct link_half *half = allocate(LINK_HALF_SIZE(peer_capacity, peer_entry));

    fake_config.link[number] = (struct quoll_link_config){
        .mine = (uintptr_t)pd,
        .peer = (uintptr_t)half,
        .produce_capacity = pd_capacity,
        .consume_capacity = peer_capacity,
        .kind = (uint8_t)kind,
        .channel = (uint8_t)number,
        .peer_pd = (uint8_t)(number + 1),
        .data = {.io = QUOLL_NO_IO},
    };
    snprintf(fake_config.link[number].name, QUOLL_NAME_SIZE, "%s", name);
    *peer = (struct fake_peer){
        .config = &fake_config.link[number],
        .half = half,
        .pd = pd,
        .out = {.mine = &half->produce, .peer = &pd->consume, .capacity = peer_capacity},
        .in = {.mine = &half->consume, .peer = &pd->produce, .capacity = pd_capacity},
    };
}

void *fake_region(struct quoll_region_config *region, size_t size, uint64_t io_address)
{
    void *memory = allocate(size);

    fake_io[next_io] = io_address;
    *region = (struct quoll_region_config){
        .vaddr = (uintptr_t)memory, .size = size, .io = next_io++, .coherent = 1};
    return memory;
}

void fake_peer_up(struct fake_peer *peer)
{
    struct link_half *half = peer->half;

    queue_producer_reset(&peer->out);
    queue_consumer_reset(&peer->in);
    half->magic = LINK_MAGIC;
    half->version = LINK_VERSION;
    half->kind = peer->config->kind;
    half->life = fake_lives[peer->config->peer_pd] + 1;
    half->seen = fake_lives[fake_config.pd] + 1;
}

void fake_peer_new_life(struct fake_peer *peer)
{
    fake_lives[peer->config->peer_pd] += 1;
    fake_peer_up(peer);
}

void fake_peer_tell(struct fake_peer *peer, const void *info, size_t size)
{
    memcpy(peer->half->info, info, size);
    peer->half->generation += 2;
}

static unsigned taken(unsigned *number)
{
    unsigned value = *number;

    *number = 0;
    return value;
}

static void flush_deferred(void)
{
    if (microkit_have_signal) {
        microkit_have_signal = false;
        if (microkit_signal_cap >= BASE_IRQ_CAP) {
            acks[microkit_signal_cap - BASE_IRQ_CAP]++;
        } else {
            signals[microkit_signal_cap - BASE_OUTPUT_NOTIFICATION_CAP]++;
        }
    }
}

unsigned fake_signals(microkit_channel channel)
{
    flush_deferred();
    return taken(&signals[channel]);
}

unsigned fake_acks(microkit_channel channel)
{
    flush_deferred();
    return taken(&acks[channel]);
}

unsigned fake_restarts(microkit_child child)
{
    return taken(&restarts[child]);
}

unsigned fake_stops(microkit_child child)
{
    return taken(&stops[child]);
}

const char *fake_output(void)
{
    static char copy[sizeof output];

    memcpy(copy, output, output_length + 1);
    output_length = 0;
    output[0] = '\0';
    return copy;
}

uint64_t fake_link_count(const struct fake_peer *peer, enum quoll_link_counter which)
{
    return counters()->link[peer->config - fake_config.link][which];
}

uint64_t fake_pd_count(enum quoll_pd_counter which)
{
    return counters()->pd[which];
}

/* ---- What the code under test calls ---- */

void microkit_notify(microkit_channel channel)
{
    assert_true(channel < MICROKIT_MAX_CHANNELS);
    signals[channel]++;
}

void microkit_deferred_notify(microkit_channel channel)
{
    assert_true(channel < MICROKIT_MAX_CHANNELS);
    microkit_have_signal = true;
    microkit_signal_cap = BASE_OUTPUT_NOTIFICATION_CAP + channel;
}

void microkit_irq_ack(microkit_channel channel)
{
    assert_true(channel < MICROKIT_MAX_CHANNELS);
    acks[channel]++;
}

void microkit_deferred_irq_ack(microkit_channel channel)
{
    assert_true(channel < MICROKIT_MAX_CHANNELS);
    microkit_have_signal = true;
    microkit_signal_cap = BASE_IRQ_CAP + channel;
}

void microkit_dbg_puts(const char *text)
{
    size_t length = strlen(text);

    if (length < sizeof output - output_length) {
        memcpy(output + output_length, text, length + 1);
        output_length += length;
    }
}

void microkit_pd_restart(microkit_child child, seL4_Word entry)
{
    restarts[child]++;
    fake_entry = entry;
}

void microkit_pd_stop(microkit_child child)
{
    stops[child]++;
}

seL4_Word microkit_msginfo_get_label(microkit_msginfo msginfo)
{
    return msginfo.label;
}

seL4_Word microkit_mr_get(uint8_t index)
{
    return fake_registers[index];
}

uint64_t quoll_ticks(void)
{
    uint64_t now = fake_time;

    fake_time += fake_step;
    return now;
}

uint64_t quoll_tick_rate(void)
{
    return 1000000000;
}
