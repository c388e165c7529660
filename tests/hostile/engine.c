/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attacker: an honest program (turncoat.h) that in some of its lives (lives.h),
 * when its links have been up for a while, turns on all its neighbours at once. With
 * nothing but the role's own mappings and channels.
 *
 * Attack n of a role is of kind n % KINDS, and the n / KINDS-th of its kind: so few
 * attacks have some of each kind, and all of them try all values of all fields. An
 * attack goes on at each wake-up until the supervisor ends this life; the half of a link
 * that the honest program has set up is where it begins.
 *
 * Who has no budget may use the processor as long as it likes, and nobody below it is
 * promised anything. So that there is something to judge, spins and storms take half of
 * the time, and leave the rest.
 */
#include <string.h>

#include <quoll/log.h>
#include <quoll/net.h>
#include <quoll/time.h>

#include "fields.h"
#include "lives.h"
#include "turncoat.h"
#undef pd_start
#undef pd_wake

#define PRELUDE QUOLL_US(300)
#define STORM   QUOLL_US(500)
#define SPIN    QUOLL_MS(2)
#define BURST   16U
#define LIVES   9U
#define TELLS   8U
#define LATELY  8U

#define ENTRY_MAX 64U

void pd_start(void);
void pd_wake(microkit_channel channel);

static struct {
    uint32_t life;
    unsigned kind, round;
    bool hostile; /* it has turned */
    uint64_t started;
    uint64_t quiet; /* until then, no storm */
    uint64_t random;
    uint32_t turn[QUOLL_MAX_LINKS]; /* counts what is tried on a link, to go through all */
    unsigned char honest[QUOLL_MAX_LINKS][LATELY][ENTRY_MAX];
} self;

static void has_tried(uint64_t times)
{
    count(COUNT_SPARE_6, times);
}

static uint64_t any(void)
{
    uint64_t z = self.random += 0x9e3779b97f4a7c15U; /* splitmix64 */

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

/* ---- A link, from outside of the honest program ---- */

struct arm {
    const struct quoll_link_config *config;
    const struct side *side;
    struct link_half *mine;
    const struct link_half *peer;
};

static bool arm_of(unsigned number, struct arm *arm)
{
    const struct quoll_link_config *config = &quoll_config.link[number];

    *arm = (struct arm){.config = config,
                        .side = field_side(config),
                        .mine = (struct link_half *)(uintptr_t)config->mine,
                        .peer = (const struct link_half *)(uintptr_t)config->peer};
    return arm->side != NULL;
}

static void notify(const struct arm *arm)
{
    microkit_notify(arm->config->channel);
}

static void each_link(void (*attack)(const struct arm *arm))
{
    struct arm arm;

    for (unsigned i = 0; i < quoll_config.links; i++) {
        if (arm_of(i, &arm)) {
            attack(&arm);
        }
    }
}

static unsigned char *slot_of(const struct arm *arm, uint32_t index)
{
    return arm->mine->produce.entries +
           (uint64_t)(index & (arm->config->produce_capacity - 1U)) * arm->side->entry_size;
}

static uint32_t room(const struct arm *arm)
{
    uint32_t used = arm->mine->produce.tail - arm->peer->consume.head;

    return used > arm->config->produce_capacity ? 0 : arm->config->produce_capacity - used;
}

/* What the honest program has put last, before we turn. */
static void remember(const struct arm *arm)
{
    for (uint32_t i = 0; i < LATELY; i++) {
        memcpy(self.honest[arm->config - quoll_config.link][i],
               slot_of(arm, arm->mine->produce.tail - 1U - i), arm->side->entry_size);
    }
}

/*
 * An entry as an honest program might put it: one that it has put, but with the id of
 * something that the peer has just asked for, or a new one.
 */
static void well_formed(const struct arm *arm, unsigned char entry[ENTRY_MAX])
{
    const struct side *side = arm->side;
    uint32_t head = arm->mine->consume.head;
    uint32_t id = (uint32_t)any();

    memcpy(entry, self.honest[arm->config - quoll_config.link][any() % LATELY], side->entry_size);
    if (field_gives_id(side)) {
        memcpy(entry + side->id_at, &id, sizeof id);
    }
    if (arm->peer->produce.tail == head || side->asked_size == 0) {
        return;
    }
    arm->mine->consume.head = head + 1U;
    if (field_gives_id(side)) {
        return;
    }
    const unsigned char *asked =
        arm->peer->produce.entries +
        (uint64_t)(head & (arm->config->consume_capacity - 1U)) * side->asked_size;

    memcpy(entry + side->id_at, asked + side->asked_at, side->entry_size < 4U ? 1U : 4U);
}

static void fill_slot(const struct arm *arm, uint32_t index, unsigned char entry[ENTRY_MAX])
{
    field_spare_table(arm->side, entry);
    memcpy(slot_of(arm, index), entry, arm->side->entry_size);
}

static bool put(const struct arm *arm, unsigned char entry[ENTRY_MAX])
{
    if (room(arm) == 0) {
        return false;
    }
    fill_slot(arm, arm->mine->produce.tail, entry);
    atomic_thread_fence(memory_order_release);
    arm->mine->produce.tail += 1U;
    has_tried(1);
    return true;
}

static uint32_t *turn_of(const struct arm *arm)
{
    return &self.turn[arm->config - quoll_config.link];
}

/* A row of a table, in turn, and the number of the value that it gets. */
static const struct field *next_row(const struct arm *arm, const struct field *table,
                                    unsigned *value)
{
    uint32_t *turn = turn_of(arm);
    unsigned rows = 0;

    while (table[rows].name != NULL) {
        rows++;
    }
    *value = *turn / rows + self.round * 7U;
    *turn += 1U;
    return &table[(*turn - 1U) % rows];
}

static void set_next(const struct arm *arm, const struct field *table, void *base)
{
    unsigned n;
    const struct field *row = next_row(arm, table, &n);

    if (field_is_safe(arm->config, row)) {
        field_set(base, row,
                  field_value(row, n, field_get(base, row), arm->config->produce_capacity));
    }
}

/* ---- Kinds: indices, words, information ---- */

static const struct field whole = {.name = "index", .width = 4, .limit = {256, 1024, 4096, 64}};

static void bad_tail(const struct arm *arm)
{
    arm->mine->produce.tail = (uint32_t)field_value(&whole, self.round, arm->mine->produce.tail,
                                                    arm->config->produce_capacity);
    has_tried(1);
    notify(arm);
}

static void bad_head(const struct arm *arm)
{
    arm->mine->consume.head = (uint32_t)field_value(&whole, self.round, arm->mine->consume.head,
                                                    arm->config->consume_capacity);
    has_tried(1);
    notify(arm);
}

static void bad_words(const struct arm *arm)
{
    for (unsigned i = 0; i < TELLS; i++) {
        set_next(arm, field_words, arm->mine);
        has_tried(1);
        notify(arm);
    }
}

static void bad_info(const struct arm *arm)
{
    for (unsigned i = 0; i < TELLS; i++) {
        set_next(arm, arm->side->info, arm->mine->info);
        arm->mine->generation = (arm->mine->generation | 1U) + 1U;
        has_tried(1);
        notify(arm);
    }
}

/* Who lives, and whom we have seen. */
static void bad_life(const struct arm *arm)
{
    struct link_half *mine = arm->mine;
    unsigned first = self.round * LIVES;

    for (unsigned n = first; n < first + LIVES; n++) {
        uint32_t value = (uint32_t)field_value(&whole, n, life_of(arm->config->peer_pd) + 1U, 1);

        mine->seen = n % 2U == 0 ? value : life_of(arm->config->peer_pd) + 1U;
        mine->life = n % 2U == 0 ? self.life + 1U : value;
        has_tried(1);
        notify(arm);
    }
}

/* Before any link is up, on all of them: what the last life left of a half does not matter. */
static void bad_lives(void)
{
    struct arm arm;

    for (unsigned i = 0; i < quoll_config.links; i++) {
        (void)arm_of(i, &arm);
        bad_life(&arm);
    }
}

/* ---- Kinds: entries ---- */

static void bad_entries(const struct arm *arm)
{
    unsigned char entry[ENTRY_MAX];

    for (unsigned i = 0; i < BURST && room(arm) > 0; i++) {
        well_formed(arm, entry);
        set_next(arm, arm->side->entry, entry);
        (void)put(arm, entry);
    }
    notify(arm);
}

static void same_twice(const struct arm *arm)
{
    unsigned char entry[ENTRY_MAX];

    for (unsigned i = 0; i < BURST; i++) {
        well_formed(arm, entry);
        (void)put(arm, entry);
        (void)put(arm, entry);
    }
    notify(arm);
}

/* All that was ever put, as often as there is room for it; as text, a line without an end. */
static void all_again(const struct arm *arm)
{
    uint32_t again = room(arm);

    if (arm->side->entry_size == 1) {
        memset(arm->mine->produce.entries, '-', arm->config->produce_capacity);
    }
    arm->mine->produce.tail += again;
    has_tried(again);
    notify(arm);
}

/* What we never had, and what is another's: all names that there may be. */
static void never_had(const struct arm *arm)
{
    unsigned char entry[ENTRY_MAX];

    for (unsigned i = 0; i < 4U * BURST && room(arm) > 0; i++) {
        uint32_t id = arm->side->first + arm->side->step * ((*turn_of(arm))++ % 1100U);

        memcpy(entry, slot_of(arm, (uint32_t)any()), arm->side->entry_size);
        memcpy(entry + arm->side->id_at, &id, arm->side->entry_size < 4U ? 1U : 4U);
        (void)put(arm, entry);
    }
    notify(arm);
}

/* Take all and give nothing back. */
static void hoard(const struct arm *arm)
{
    uint32_t there = arm->peer->produce.tail - arm->mine->consume.head;

    has_tried(there <= arm->config->consume_capacity ? there : 1U);
    arm->mine->consume.head = arm->peer->produce.tail;
    notify(arm);
}

/* Read nothing, whatever comes, but want to be told of all of it. */
static void deaf(const struct arm *arm)
{
    arm->mine->consume.wake_at = arm->peer->produce.tail;
    has_tried(1);
}

static void flicker(const struct arm *arm)
{
    unsigned char good[ENTRY_MAX], bad[ENTRY_MAX];
    uint32_t tail = arm->mine->produce.tail;

    well_formed(arm, good);
    memcpy(bad, good, sizeof bad);
    set_next(arm, arm->side->entry, bad);
    for (unsigned i = 0; i < BURST; i++) {
        fill_slot(arm, tail, i % 2U == 0 ? good : bad);
        arm->mine->produce.tail = room(arm) > 0 ? tail + i % 2U : tail;
        has_tried(1);
        notify(arm);
    }
}

/* Fields that may not be just anything become like those of a past entry. */
static void make_safe(const struct arm *arm, unsigned char *entry)
{
    const unsigned char *past = slot_of(arm, (uint32_t)any());

    for (const struct field *row = arm->side->entry; row->name != NULL; row++) {
        if (!field_is_safe(arm->config, row)) {
            memcpy(entry + row->at, past + row->at, row->width);
        }
    }
}

static void nonsense(const struct arm *arm)
{
    unsigned char entry[ENTRY_MAX];

    arm->mine->consume.head = arm->peer->produce.tail;
    for (unsigned i = 0; i < 16U * BURST; i++) {
        for (unsigned at = 0; at < arm->side->entry_size; at += 8U) {
            uint64_t word = any() >> any() % 64U;

            memcpy(entry + at, &word, 8);
        }
        make_safe(arm, entry);
        if (!put(arm, entry)) {
            break;
        }
    }
    notify(arm);
}

/* In another's name, where frames are ours to write. */
static void forge(const struct arm *arm)
{
    static const unsigned char alice[6] = {0x52, 0x54, 0, 0, 0, 0x1f};
    unsigned char *data = (unsigned char *)(uintptr_t)arm->config->data.vaddr;

    if (arm->config->kind != LINK_NET_TX_CLIENT || strcmp(quoll_config.name, "mallory") != 0) {
        return;
    }
    for (unsigned i = 0; i < BURST; i++) {
        struct net_frame frame = {.offset = 2048U * (i + 1U) + 2U, .length = 100};
        unsigned char entry[ENTRY_MAX];

        memset(data + frame.offset, 0xff, 6);
        memcpy(data + frame.offset + 6, alice, 6);
        data[frame.offset + 11] ^= (unsigned char)(i % 2U); /* and in nobody's */
        memcpy(entry, &frame, sizeof frame);
        (void)put(arm, entry);
    }
    notify(arm);
}

/* ---- Kinds: without entries ---- */

static void storm_at(const struct arm *arm)
{
    has_tried(1);
    notify(arm);
}

static void storm(void)
{
    uint64_t start = quoll_now();

    if (start < self.quiet) {
        return;
    }
    while (quoll_now() - start < STORM) {
        each_link(storm_at);
    }
    self.quiet = quoll_now() + STORM;
}

static void spin(void)
{
    uint64_t start = quoll_now();

    has_tried(1);
    while (quoll_now() - start < SPIN) {}
}

static void scribble(uint64_t start, uint64_t size)
{
    for (unsigned i = 0; i < 64U && start != 0 && size >= 8U; i++) {
        uint64_t word = any() >> any() % 64U;

        memcpy((void *)(uintptr_t)(start + any() % (size / 8U) * 8U), &word, 8);
        has_tried(1);
    }
}

/* All of a half but, where devices are told things, its entries (see field_is_safe()). */
static void trash_link(const struct arm *arm)
{
    uint64_t size = LINK_HALF_SIZE(arm->config->produce_capacity, arm->side->entry_size);

    for (const struct field *row = arm->side->entry; row->name != NULL; row++) {
        size = field_is_safe(arm->config, row) ? size : sizeof(struct link_half);
    }
    scribble(arm->config->mine, size);
    notify(arm);
}

/* May turn out to be read-only for us. */
static void trash_data(const struct arm *arm)
{
    scribble(arm->config->data.vaddr, arm->config->data.size);
}

static void trash(void)
{
    bool again = self.life % LIFE_TRIES != 0;

    each_link(trash_link);
#ifdef QUOLL_SIM
    scribble(quoll_config.device.dma.vaddr, quoll_config.device.dma.size);
#endif
    if (!again) {
        scribble(quoll_config.own.vaddr, quoll_config.own.size);
        each_link(trash_data);
    }
}

/* Write what we may only read, and what is not ours at all: each try ends in a fault. */
static void trespass(void)
{
    uint64_t n = any() % (quoll_config.links + 3U);
    uint64_t place = n < quoll_config.links    ? quoll_config.link[n].peer + 8U * (any() % 40U)
                     : n == quoll_config.links ? quoll_config.lives
                                               : any() % (1ULL << 47);

    has_tried(1);
    *(volatile uint64_t *)(uintptr_t)(place & ~7ULL) = any();
}

static void give_up(void)
{
    has_tried(1);
    __builtin_trap();
}

/* ---- Whom, when ---- */

enum when { AT_START, ONCE, ALWAYS, STORMING };

static const struct kind {
    void (*link)(const struct arm *arm);
    void (*all)(void);
    enum when when;
} kinds[] = {
    /* The order is that of KINDS in matrix.py. */
    {.link = bad_tail, .when = ONCE},     {.link = bad_head, .when = ONCE},
    {.link = bad_words, .when = ALWAYS},  {.all = bad_lives, .when = AT_START},
    {.link = bad_info, .when = ALWAYS},   {.link = bad_entries, .when = ALWAYS},
    {.link = same_twice, .when = ALWAYS}, {.link = all_again, .when = ALWAYS},
    {.link = never_had, .when = ALWAYS},  {.link = hoard, .when = ALWAYS},
    {.link = deaf, .when = ALWAYS},       {.link = flicker, .when = ALWAYS},
    {.link = nonsense, .when = ALWAYS},   {.link = forge, .when = ALWAYS},
    {.all = storm, .when = ALWAYS},       {.when = STORMING},
    {.all = spin, .when = ONCE},          {.all = trash, .when = ALWAYS},
    {.all = trespass, .when = ONCE},      {.all = give_up, .when = AT_START},
};
static_assert(sizeof kinds / sizeof kinds[0] == LIFE_KINDS, "the metronome knows them by number");

static void attack(void)
{
    if (kinds[self.kind].all != NULL) {
        kinds[self.kind].all();
    } else if (kinds[self.kind].link != NULL) {
        each_link(kinds[self.kind].link);
    }
}

void pd_start(void)
{
    self.life = life_of(quoll_config.pd);
    if (life_is_hostile(self.life)) {
        self.kind = life_kind(self.life);
        self.round = (self.life / LIFE_TRIES - 1U) / LIFE_KINDS;
        self.random = self.life + ((uint64_t)quoll_config.pd << 32);
        self.started = quoll_now();
        count(COUNT_SPARE_7, self.life); /* our counters are about this attack, and nothing else */
        if (kinds[self.kind].when == AT_START) {
            attack();
        }
    }
    honest_start();
}

static bool is_interrupt(microkit_channel channel)
{
    for (unsigned i = 0; i < quoll_config.links; i++) {
        if (quoll_config.link[i].channel == channel) {
            return false;
        }
    }
    return true;
}

void pd_wake(microkit_channel channel)
{
    enum when when = kinds[self.kind].when;

    if (self.started == 0 || when == AT_START ||
        (!self.hostile && quoll_now() - self.started < PRELUDE)) {
        honest_wake(channel);
        return;
    }
    bool first = !self.hostile;

    if (first) {
        each_link(remember);
    }
    self.hostile = true;
    if (first || when == ALWAYS) {
        attack();
    }
    if (when != STORMING) {
        return;
    }
    if (first) {
        honest_wake(channel); /* the device has work, and will interrupt for it */
    } else if (is_interrupt(channel)) {
        has_tried(1);
        microkit_irq_ack(channel); /* and it comes again, since its cause is still there */
    }
}
