/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The neighbours of one program: they keep to the contracts, in any order and amount, so
 * that the program does all it can do. What is watched is the program, not they.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static uint64_t random_state = 88172645463325252ULL;

/* Marsaglia's xorshift64. */
uint32_t draw(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % below;
}

/* Bytes of the entries that the program gets and gives. */
static const struct {
    uint8_t in, out;
} sizes[] = {
    [NONE] = {1, 1},
    [RX_DONE] = {sizeof(struct net_rx_done), sizeof(struct net_rx_buffer)},
    [RX_BUFFER] = {sizeof(struct net_rx_buffer), sizeof(struct net_rx_done)},
    [TX_DONE] = {sizeof(struct net_tx_done), sizeof(struct net_tx_frame)},
    [TX_FRAME] = {sizeof(struct net_tx_frame), sizeof(struct net_tx_done)},
    [POOL_RETURN] = {sizeof(struct net_frame), sizeof(struct net_frame)},
    [POOL_FRAME] = {sizeof(struct net_frame), sizeof(struct net_frame)},
    [CLIENT_BUFFER] = {sizeof(struct net_frame), sizeof(struct net_frame)},
    [CLIENT_FRAME] = {sizeof(struct net_frame), sizeof(struct net_frame)},
    [RESPONSE] = {sizeof(struct block_response), sizeof(struct block_request)},
    [REQUEST] = {sizeof(struct block_request), sizeof(struct block_response)},
    [DEVICE_REQUEST] = {sizeof(struct block_request), sizeof(struct block_response)},
    [BYTE] = {1, 1},
    [EXPIRY] = {sizeof(struct timer_expiry), sizeof(struct timer_request)},
    [TIMEOUT] = {sizeof(struct timer_request), sizeof(struct timer_expiry)},
    [DEVICE_TIMEOUT] = {sizeof(struct timer_request), sizeof(struct timer_expiry)},
    [CLIENT_EXPIRY] = {sizeof(struct timer_expiry), sizeof(struct timer_request)},
    [CLIENT_RECEIVED] = {sizeof(struct net_frame), sizeof(struct net_frame)},
    [CLIENT_SENT] = {sizeof(struct net_frame), sizeof(struct net_frame)},
    [CLIENT_ANSWER] = {sizeof(struct block_response), sizeof(struct block_request)},
};

static const struct program programs[] = {
    {"net_rx_virt",
     {{LINK_NET_RX_DEVICE, RX_DONE},
      {LINK_NET_RX_COPIER, POOL_RETURN},
      {LINK_NET_RX_COPIER, POOL_RETURN}},
     .own = KIND_DATA},
    {"net_rx_copy_virt",
     {{LINK_NET_RX_DEVICE, RX_DONE},
      {LINK_NET_RX_CLIENT, CLIENT_BUFFER},
      {LINK_NET_RX_CLIENT, CLIENT_BUFFER}},
     .own = KIND_DATA,
     .copies = true},
    {"net_tx_virt",
     {{LINK_NET_TX_DEVICE, TX_DONE},
      {LINK_NET_TX_CLIENT, CLIENT_FRAME},
      {LINK_NET_TX_CLIENT, CLIENT_FRAME}},
     .own = KIND_COUNT},
    {"net_copier",
     {{LINK_NET_RX_COPIER, POOL_FRAME}, {LINK_NET_RX_CLIENT, CLIENT_BUFFER}},
     .own = KIND_COUNT,
     .copies = true},
    {"block_virt",
     {{LINK_BLOCK_DEVICE, RESPONSE}, {LINK_BLOCK_CLIENT, REQUEST}, {LINK_BLOCK_CLIENT, REQUEST}},
     .own = KIND_TABLE},
    {"serial_tx_virt",
     {{LINK_SERIAL_TX_DEVICE, NONE}, {LINK_SERIAL_TX_CLIENT, BYTE}, {LINK_SERIAL_TX_CLIENT, BYTE}},
     .own = KIND_COUNT},
    {"timer_virt",
     {{LINK_TIMER_DEVICE, EXPIRY}, {LINK_TIMER_CLIENT, TIMEOUT}, {LINK_TIMER_CLIENT, TIMEOUT}},
     .own = KIND_COUNT},
    {"virtio_net",
     {{LINK_NET_RX_DEVICE, RX_BUFFER}, {LINK_NET_TX_DEVICE, TX_FRAME}},
     VIRTIO_ID_NET,
     true,
     KIND_COUNT,
     false},
    {"virtio_blk", {{LINK_BLOCK_DEVICE, DEVICE_REQUEST}}, VIRTIO_ID_BLOCK, true, KIND_COUNT, false},
    {"pl011", {{LINK_SERIAL_TX_DEVICE, BYTE}}, 0, true, KIND_COUNT, false},
    {"arm_timer", {{LINK_TIMER_DEVICE, DEVICE_TIMEOUT}}, 0, false, KIND_COUNT, false},
    {"ticker",
     {{LINK_TIMER_CLIENT, CLIENT_EXPIRY}, {LINK_SERIAL_TX_CLIENT, NONE}},
     .own = KIND_COUNT},
    {"responder",
     {{LINK_NET_RX_CLIENT, CLIENT_RECEIVED},
      {LINK_NET_TX_CLIENT, CLIENT_SENT},
      {LINK_SERIAL_TX_CLIENT, NONE}},
     .own = KIND_COUNT},
    {"disk",
     {{LINK_BLOCK_CLIENT, CLIENT_ANSWER}, {LINK_SERIAL_TX_CLIENT, NONE}},
     .own = KIND_COUNT},
    {"twice", {{LINK_NET_TX_CLIENT, CLIENT_FRAME}}, VIRTIO_ID_NET, true, KIND_COUNT, false},
};

/* ---- Setting up ---- */

/* The ABI of <quoll/link.h>, as bytes to be watched. */
static void watch_half(struct machine *m, struct peer *peer, unsigned link)
{
    uint64_t theirs = peer->config->peer, mine = peer->config->mine;
    uint64_t consume = theirs + offsetof(struct link_half, consume);
    uint64_t produce = theirs + offsetof(struct link_half, produce);
    uint64_t entries = theirs + sizeof(struct link_half);
    unsigned entry = sizes[peer->role].in;

    machine_watch(m, theirs, 64, KIND_HEADER, link);
    machine_watch(m, consume, 4, KIND_INDEX, link);
    machine_watch(m, consume + 4U, 60, KIND_WISH, link);
    machine_watch(m, theirs + offsetof(struct link_half, generation), 4, KIND_HEADER, link);
    machine_watch(m, theirs + offsetof(struct link_half, info), LINK_INFO_SIZE, KIND_INFO, link);
    machine_watch(m, produce, 4, KIND_INDEX, link);
    machine_watch(m, produce + 4U, 60, KIND_WISH, link);
    machine_watch(m, entries, (uint64_t)CAPACITY * entry, entry == 1 ? KIND_BYTE : KIND_ENTRY,
                  link);
    machine_guard(m, produce, 4, entries, entry, CAPACITY,
                  (const volatile uint32_t *)&peer->theirs->consume.head);
    machine_step_on_store(m, mine + offsetof(struct link_half, consume), 4, KIND_ENTRY, link);
    machine_step_on_store(m, mine + offsetof(struct link_half, consume), 4, KIND_DATA, link);
}

/* A client's own: what it makes of it is not its library's matter. */
static bool has_own_data(enum role role)
{
    return role == CLIENT_RECEIVED || role == CLIENT_SENT || role == CLIENT_ANSWER;
}

static bool has_data(enum role role)
{
    return role == POOL_FRAME || role == CLIENT_BUFFER || role == CLIENT_FRAME || role == REQUEST ||
           has_own_data(role);
}

static void add_data(struct world *w, struct peer *peer, unsigned link)
{
    peer->config->data = (struct quoll_region_config){
        .vaddr = DATA + link * 0x1000000U, .size = DATA_SIZE, .io = link + 1U, .coherent = 1};
    peer->data = machine_map(w->machine, peer->config->data.vaddr, DATA_SIZE);
    if (!has_own_data(peer->role)) {
        machine_watch(w->machine, peer->config->data.vaddr, DATA_SIZE, KIND_DATA, link);
    }
}

/* As in a system file; to those who are no clients it is only a name. */
static const char *device_of(enum quoll_link_kind kind)
{
    switch (kind) {
    case LINK_TIMER_CLIENT:
        return "clock";
    case LINK_SERIAL_TX_CLIENT:
        return "console";
    case LINK_BLOCK_CLIENT:
        return "disk";
    default:
        return "nic";
    }
}

static void add_link(struct world *w, unsigned link)
{
    struct peer *peer = &w->peer[link];
    enum role role = w->program->link[link].role;

    *peer = (struct peer){.config = &w->config.link[link], .role = role};
    *peer->config = (struct quoll_link_config){
        .mine = HALVES + link * 0x20000U,
        .peer = HALVES + link * 0x20000U + 0x10000U,
        .produce_capacity = CAPACITY,
        .consume_capacity = CAPACITY,
        .kind = (uint8_t)w->program->link[link].kind,
        .channel = (uint8_t)link,
        .peer_pd = (uint8_t)(link + 1U),
        .data = {.io = QUOLL_NO_IO},
    };
    strcpy(peer->config->name, device_of(w->program->link[link].kind));
    peer->theirs = machine_map(w->machine, peer->config->mine, 0x10000);
    peer->ours = machine_map(w->machine, peer->config->peer, 0x10000);
    watch_half(w->machine, peer, link);
    if (has_data(role)) {
        add_data(w, peer, link);
    }
    if (role == REQUEST || role == CLIENT_ANSWER) {
        strcpy(peer->config->settings.block.partition, "boot");
        peer->config->settings.block.writable = 1;
        peer->config->settings.block.quota = 16;
    } else {
        memcpy(peer->config->settings.net.mac, (uint8_t[]){0x52, 0x54, 0, 0, 0, (uint8_t)link}, 6);
    }
}

static void tell(struct peer *peer)
{
    static const struct net_info net = {.ready = 1, .link = 1, .mac = {0x52, 0x54}, .mtu = 1500};
    static const struct block_info disk = {.blocks = IMAGE_BLOCKS,
                                           .block_size = 512,
                                           .max_count = 128,
                                           .ready = 1,
                                           .writable = 1,
                                           .can_flush = 1,
                                           .can_discard = 1,
                                           .can_write_zeroes = 1};

    peer->ours->magic = LINK_MAGIC;
    peer->ours->version = LINK_VERSION;
    if (peer->role == RESPONSE || peer->role == CLIENT_ANSWER) {
        memcpy(peer->ours->info, &disk, sizeof disk);
    } else {
        memcpy(peer->ours->info, &net, sizeof net);
    }
    peer->ours->generation = 2;
    peer->ours->life = 1;
    peer->ours->seen = 1;
}

static void add_device(struct world *w)
{
    bool interrupt = w->program->registers || w->program->link[0].role == DEVICE_TIMEOUT;

    w->config.device.interrupt[0] = interrupt ? IRQ : QUOLL_NO_CHANNEL;
    if (!w->program->registers) {
        return;
    }
    w->io[10] = IO + DMA;
    w->config.device.dma =
        (struct quoll_region_config){.vaddr = DMA, .size = 0x20000, .io = 10, .coherent = 1};
    w->config.device.registers[0] =
        (struct quoll_region_config){.vaddr = REGISTERS, .size = 0x1000, .io = QUOLL_NO_IO};
    w->device = w->program->virtio != 0
                    ? device_virtio(w->machine, w->program->virtio, DMA, w->io[10], 0x20000)
                    : device_pl011();
    machine_registers(w->machine, REGISTERS, 0x1000, w->device);
}

static void add_own(struct world *w)
{
    machine_copies(w->machine, w->program->copies);
    w->own = machine_map(w->machine, OWN, DATA_SIZE);
    w->config.own =
        (struct quoll_region_config){.vaddr = OWN, .size = DATA_SIZE, .io = 0, .coherent = 1};
    if (w->program->own != KIND_COUNT) {
        machine_watch(w->machine, OWN, DATA_SIZE, w->program->own, 0);
    }
}

struct world *world_new(struct machine *m, const char *name)
{
    struct world *w = calloc(1, sizeof *w);

    w->machine = m;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0] && w->program == NULL; i++) {
        bool same = strncmp(name, programs[i].name, strlen(programs[i].name)) == 0;
        w->program = same ? &programs[i] : NULL;
    }
    if (w->program == NULL) {
        free(w);
        return NULL;
    }
    w->config = (struct quoll_config){.magic = QUOLL_CONFIG_MAGIC,
                                      .version = QUOLL_CONFIG_VERSION,
                                      .lives = LIVES,
                                      .counters = COUNTERS};
    (void)machine_map(m, LIVES, 4096);
    (void)machine_map(m, COUNTERS, QUOLL_COUNTERS_SIZE);
    machine_watch(m, LIVES, 4U * QUOLL_MAX_PDS, KIND_HEADER, 0);
    for (unsigned i = 0; i < LINKS; i++) {
        w->io[i] = IO + (i == 0 ? OWN : DATA + (i - 1U) * 0x1000000U);
        if (w->program->link[i].kind != LINK_NONE) {
            add_link(w, i);
            w->config.links += 1U;
        }
    }
    add_own(w);
    add_device(w);
    image_make(&w->disk, 512);
    machine_configure(m, &w->config, w->io);
    return w;
}

/* ---- Acting ---- */

static void take(struct peer *peer)
{
    uint32_t tail = peer->theirs->produce.tail;
    unsigned size = sizes[peer->role].out;

    for (; peer->taken != tail && draw(16) != 0; peer->taken++) {
        const uint8_t *entry = peer->theirs->produce.entries + (peer->taken % CAPACITY) * size;
        if (peer->last - peer->first < 4096U) {
            memcpy(peer->pending[peer->last++ % 4096U], entry, size);
        }
    }
    peer->ours->consume.head = peer->taken;
    peer->ours->consume.wake_at = draw(2) == 0 ? peer->taken : peer->taken - 1U;
}

static void give(struct world *w, struct peer *peer)
{
    unsigned size = sizes[peer->role].in;
    uint32_t used = peer->given - peer->theirs->consume.head;

    for (uint32_t n = used < CAPACITY ? draw(CAPACITY - used + 1U) : 0; n > 0; n--) {
        uint8_t entry[64] = {0};
        if (!world_say(w, peer, entry)) {
            break;
        }
        memcpy(peer->ours->produce.entries + (peer->given % CAPACITY) * size, entry, size);
        peer->given += 1U;
    }
    peer->ours->produce.tail = peer->given;
    peer->ours->produce.room_at =
        draw(2) == 0 ? peer->given - CAPACITY : peer->given - CAPACITY - 1U;
}

uint64_t world_act(struct world *w)
{
    uint64_t badge = 0;

    for (unsigned i = 0; i < w->config.links; i++) {
        struct peer *peer = &w->peer[i];
        if (peer->theirs->seen == 0) {
            continue; /* not opened yet */
        }
        if (peer->ours->seen == 0) {
            tell(peer);
        }
        take(peer);
        if (draw(3) != 0) {
            give(w, peer);
            badge |= UINT64_C(1) << i;
        }
    }
    if (w->device != NULL) {
        badge |= device_work(w->device) ? UINT64_C(1) << IRQ : 0;
    }
    if (w->program->link[0].role == DEVICE_TIMEOUT) {
        badge |= (uint64_t)draw(2) << IRQ;
    }
    return badge != 0 ? badge : 1;
}
