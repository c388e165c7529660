/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "peer.h"

#define ENTRY_MAX 64U

void fuzz_link(struct fuzz_peer *peer, enum quoll_link_kind kind, const char *name,
               uint32_t pd_capacity, size_t pd_entry, uint32_t capacity, size_t entry,
               void (*fill)(void *entry))
{
    *peer = (struct fuzz_peer){.entry = entry, .pd_entry = pd_entry, .fill = fill};
    fake_link(&peer->fake, kind, name, pd_capacity, pd_entry, capacity, entry);
    fuzz_share(peer->fake.half, LINK_HALF_SIZE(capacity, entry));
    fuzz_share(&fake_lives[peer->fake.config->peer_pd], sizeof fake_lives[0]);
}

void fuzz_interrupt(uint8_t channel)
{
    fake_config.device.interrupt[0] = channel;
}

/* ---- Hostile acts ---- */

/* Now, or after some reads. */
static void put(void *at, size_t size, uint64_t value, uint8_t when)
{
    if (when == 0) {
        memcpy(at, &value, size);
    } else {
        fuzz_race(when, at, size, value);
    }
}

/* A field of the half that the program may read. */
static void write_field(struct fake_peer *fake, uint8_t when)
{
    struct link_half *half = fake->half;
    const struct link_half *pd = fake->pd;
    uint32_t in = fake->config->consume_capacity, out = fake->config->produce_capacity;
    uint32_t life = fake_lives[fake->config->peer_pd];

    switch (fuzz8() % 9U) {
    case 0:
    case 1:
        put(&half->produce.tail, 4, fuzz_odd(pd->consume.head, in), when);
        break;
    case 2:
        put(&half->consume.head, 4, fuzz_odd(pd->produce.tail, out), when);
        break;
    case 3:
        put(&half->produce.room_at, 4, fuzz_odd(pd->consume.head - in, in), when);
        break;
    case 4:
        put(&half->consume.wake_at, 4, fuzz_odd(pd->produce.tail, out), when);
        break;
    case 5:
        put(&half->life, 4, fuzz_odd(life + 1U, 1), when);
        break;
    case 6:
        put(&half->seen, 4, fuzz_odd(fake_lives[fake_config.pd] + 1U, 1), when);
        break;
    case 7:
        put(&half->generation, 4, fuzz_odd(half->generation + 2U, 2), when);
        break;
    default:
        put(&half->magic, 4, fuzz_odd(LINK_MAGIC, 1), when);
        break;
    }
}

/* Any bytes of the half: information, entries, what is reserved. */
static void write_bytes(struct fuzz_peer *peer, uint8_t when)
{
    size_t size = LINK_HALF_SIZE(peer->fake.config->consume_capacity, peer->entry);
    uint64_t value = fuzz_odd(0, 0);
    size_t at = fuzz_below((uint32_t)(size / 4U)) * 4U;

    put((unsigned char *)peer->fake.half + at, 4, value, when);
}

static unsigned char *entry_at(struct fuzz_peer *peer, uint32_t index)
{
    uint32_t slot = index & (peer->fake.config->consume_capacity - 1U);

    return peer->fake.half->produce.entries + slot * peer->entry;
}

/* Entries that might pass, as many as there is room for. */
static void put_entries(struct fuzz_peer *peer)
{
    struct link_half *half = peer->fake.half;
    uint32_t tail = half->produce.tail;

    for (unsigned n = 1U + fuzz_below(4); n > 0; n--) {
        unsigned char entry[ENTRY_MAX] = {0};

        if (peer->entry > 0) {
            peer->fill(entry);
        }
        memcpy(entry_at(peer, tail++), entry, peer->entry);
    }
    half->produce.tail = tail;
}

/* A piece of the next entry changes while it is read. */
static void change_entry(struct fuzz_peer *peer, uint8_t when)
{
    if (peer->entry == 0) {
        return;
    }
    unsigned char entry[ENTRY_MAX] = {0};
    size_t size = peer->entry < 4U ? peer->entry : 4U;
    size_t at = fuzz_below((uint32_t)(peer->entry / size)) * size;
    uint32_t value = 0;

    peer->fill(entry);
    memcpy(&value, entry + at, size);
    put(entry_at(peer, peer->fake.pd->consume.head) + at, size, value, when);
}

void fuzz_hurt(struct fuzz_peer *peer)
{
    struct fake_peer *fake = &peer->fake;
    uint8_t act = fuzz8();
    uint8_t when = act & 0x80U ? 1U + (act >> 3 & 15U) : 0;

    switch (act & 7U) {
    case 0:
        write_field(fake, when);
        break;
    case 1:
        write_bytes(peer, when);
        break;
    case 2:
    case 3:
        put_entries(peer);
        break;
    case 4:
        change_entry(peer, when);
        break;
    case 5: /* takes all, and sleeps or waits as an honest one would */
        put(&fake->half->consume.head, 4, fake->pd->produce.tail, when);
        put(&fake->half->consume.wake_at, 4, fake->pd->produce.tail, when);
        break;
    case 6:
        if (when == 0) {
            fake_lives[fake->config->peer_pd] += 1;
        } else {
            fuzz_race_life(when, &fake_lives[fake->config->peer_pd]);
        }
        break;
    default: /* says that it is up; its indices may still be another life's */
        fake->half->magic = LINK_MAGIC;
        fake->half->version = LINK_VERSION;
        fake->half->life = fake_lives[fake->config->peer_pd] + 1;
        put(&fake->half->seen, 4, fake_lives[fake_config.pd] + 1, when);
        break;
    }
}

/* ---- The program under test ---- */

/* Both indices start at zero with each life of either side. */
bool fuzz_watch(struct fuzz_peer *peer, void *entry)
{
    const struct link_half *pd = peer->fake.pd;
    uint32_t capacity = peer->fake.config->produce_capacity;
    uint32_t life = pd->seen + (pd->life << 16);
    uint32_t tail = pd->produce.tail;

    if (life != peer->watched_life) {
        peer->watched_life = life;
        peer->watched = 0;
    }
    if (tail - peer->watched > capacity) {
        peer->watched = tail - capacity; /* a liar's head had it overwrite what was not read */
    }
    if (peer->watched == tail) {
        return false;
    }
    memcpy(entry, pd->produce.entries + (peer->watched++ & (capacity - 1U)) * peer->pd_entry,
           peer->pd_entry);
    return true;
}

bool fuzz_agreed(const struct fuzz_peer *peer)
{
    const struct fake_peer *fake = &peer->fake;

    return fake->pd->life == fake_lives[fake_config.pd] + 1 &&
           fake->pd->seen == fake_lives[fake->config->peer_pd] + 1;
}

void fuzz_wake(const struct fuzz_peer *peer, uint64_t most)
{
    fuzz_run(most, notified(peer->fake.config->channel));
}

void fuzz_restart(uint64_t most)
{
    fuzz_zero();
    fake_lives[fake_config.pd] += 1;
    fuzz_run(most, init());
}
