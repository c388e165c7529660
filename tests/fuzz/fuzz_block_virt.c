/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block virtualiser, with a hostile client or a hostile driver. Whatever a client
 * asks, what reaches the driver stays within that client's partition and data and does
 * what it may; an honest client's requests are answered, each once.
 */
#include <string.h>

#include "peer.h"

#pragma clang section bss = "zeroed"
#include "block/virt.c"
#include "block/virt_client.c"
#pragma clang section bss = ""

#include "gpt_image.h"

#define OWN_IO    0x40000000U
#define OWN_SIZE  65536U
#define A_IO      0x50000000U
#define B_IO      0x60000000U
#define DATA_SIZE 65536U
#define IDS       32U
#define MOST      15000U

static struct fuzz_peer driver, a, b;
static struct gpt_image image;
static uint8_t *own;
static bool driver_lies, a_lies;
static bool asked[IDS]; /* by b, not yet answered */
static bool with_driver[LEDGER_SLOTS];
static uint32_t undone[LEDGER_SLOTS]; /* seen by the honest driver, not yet answered */
static unsigned number_undone;

static const struct block_info disk = {.blocks = IMAGE_BLOCKS,
                                       .block_size = 512,
                                       .max_count = 8,
                                       .ready = 1,
                                       .writable = 1,
                                       .can_flush = 1,
                                       .can_discard = 1};

/* Mostly one that may pass but for one of its fields. */
static void fill_request(void *entry)
{
    struct block_request r = {
        .id = fuzz_below(8),
        .operation = (uint16_t)(BLOCK_READ + fuzz_below(5)),
        .count = 1U + fuzz_below(8),
        .block = fuzz_below(24),
        .data = fuzz_below(DATA_SIZE / BLOCK_ALIGN) * BLOCK_ALIGN,
    };

    switch (fuzz8() % 8U) {
    case 0:
        r.operation = (uint16_t)fuzz_odd(r.operation, BLOCK_WRITE_ZEROES);
        break;
    case 1:
        r.count = (uint32_t)fuzz_odd(r.count, disk.max_count);
        break;
    case 2:
        r.block = fuzz_odd(r.block, 20);
        break;
    case 3:
        r.data = fuzz_odd(r.data, DATA_SIZE);
        break;
    case 4:
        r.reserved = 1;
        break;
    default:
        break;
    }
    if (r.operation == BLOCK_FLUSH && fuzz8() < 128) {
        r.count = 0;
        r.block = r.data = 0;
    }
    memcpy(entry, &r, sizeof r);
}

static void fill_response(void *entry)
{
    struct block_response response = {(uint32_t)fuzz_odd(fuzz_below(LEDGER_SLOTS), LEDGER_SLOTS),
                                      -(int32_t)fuzz_below(12)};

    memcpy(entry, &response, sizeof response);
}

/* ---- What must hold ---- */

static uint64_t small_ids(const struct ledger *ledger, uint64_t held)
{
    uint64_t ids = 0;

    for (LEDGER_EACH(slot, held)) {
        ids |= ledger->slot[slot].id < 64 ? 1ULL << ledger->slot[slot].id : 0;
    }
    return ids;
}

static void check_ledger(void)
{
    const struct ledger *ledger = &virt.ledger;
    uint64_t seen = LEDGER_BIT(LEDGER_TABLE);

    FUZZ_CHECK((ledger->unsent & ~ledger->used) == 0);
    FUZZ_CHECK((ledger->used & ~(ledger->usable | LEDGER_BIT(LEDGER_TABLE))) == 0);
    for (uint32_t i = 0; i < virt.clients; i++) {
        const struct virt_client *client = &virt.client[i];

        FUZZ_CHECK((client->held & seen) == 0 && (client->orphaned & seen) == 0);
        FUZZ_CHECK((client->held & client->orphaned) == 0);
        seen |= client->held | client->orphaned;
        FUZZ_CHECK(client->outstanding == (uint32_t)__builtin_popcountll(client->held));
        FUZZ_CHECK(client->outstanding <= client->share ||
                   client->outstanding <= (uint32_t)__builtin_popcountll(ledger->usable) / 2U);
        FUZZ_CHECK(client->ids == small_ids(ledger, client->held));
    }
    FUZZ_CHECK((ledger->used | LEDGER_BIT(LEDGER_TABLE)) == seen);
}

static bool within(uint64_t at, uint64_t size, uint64_t from, uint64_t room)
{
    return at >= from && size <= room && at - from <= room - size;
}

/* a: blocks 80 to 99, writable; b: 100 to 200, not. */
static void check_client_request(const struct block_request *r)
{
    bool moves = r->operation == BLOCK_READ || r->operation == BLOCK_WRITE;
    bool is_a = within(r->block, r->count, 80, 20);

    if (r->operation == BLOCK_FLUSH) {
        FUZZ_CHECK(r->block == 0 && r->count == 0 && r->data == 0);
        return;
    }
    FUZZ_CHECK(r->operation >= BLOCK_READ && r->operation <= BLOCK_DISCARD);
    FUZZ_CHECK(r->count >= 1 && r->count <= disk.max_count);
    FUZZ_CHECK(is_a || (within(r->block, r->count, 100, 101) && r->operation == BLOCK_READ));
    FUZZ_CHECK(!moves || within(r->data, r->count * 512U, is_a ? A_IO : B_IO, DATA_SIZE));
}

static void check_request(const struct block_request *r)
{
    bool moves = r->operation == BLOCK_READ || r->operation == BLOCK_WRITE;

    FUZZ_CHECK(r->id < LEDGER_SLOTS && r->reserved == 0 && r->reserved2 == 0);
    if (r->id == LEDGER_TABLE) {
        FUZZ_CHECK(r->operation == BLOCK_READ && r->data >= OWN_IO && r->data < OWN_IO + OWN_SIZE);
    } else if (!driver_lies) {
        check_client_request(r);
    } else { /* it says what there is, and so where: but not whose data */
        FUZZ_CHECK(!moves || within(r->data, r->count, A_IO, DATA_SIZE) ||
                   within(r->data, r->count, B_IO, DATA_SIZE));
    }
    FUZZ_CHECK(driver_lies || !with_driver[r->id]);
    with_driver[r->id] = true;
}

static void wake(const struct fuzz_peer *peer)
{
    struct block_request request;

    fuzz_wake(peer, MOST);
    check_ledger();
    while (fuzz_watch(&driver, &request)) {
        check_request(&request);
    }
}

/* ---- Honest peers ---- */

static void reply(uint32_t id, int32_t status)
{
    with_driver[id] = false;
    FUZZ_CHECK(queue_look_for_room(&driver.fake.out) > 0);
    (void)block_responses_put(&driver.fake.out, &(struct block_response){id, status});
    (void)queue_publish(&driver.fake.out);
}

/* The driver serves the table at once, and notes the rest. */
static void drive(void)
{
    struct block_request r;

    for (unsigned n = 0; n < 64 && queue_look(&driver.fake.in) > 0; n++) {
        FUZZ_CHECK(block_requests_take(&driver.fake.in, &r));
        (void)queue_release(&driver.fake.in);
        if (r.id != LEDGER_TABLE) {
            FUZZ_CHECK(number_undone < LEDGER_SLOTS);
            undone[number_undone++] = r.id;
            continue;
        }
        FUZZ_CHECK(r.block + r.count <= IMAGE_BLOCKS);
        FUZZ_CHECK(r.data - OWN_IO + r.count * 512U <= OWN_SIZE);
        memcpy(own + (r.data - OWN_IO), image_block(&image, r.block), r.count * 512U);
        reply(r.id, QUOLL_OK);
        wake(&driver);
    }
    (void)queue_sleep(&driver.fake.in);
}

static void answer_some(unsigned most, int32_t status)
{
    for (; most > 0 && number_undone > 0; most--) {
        reply(undone[--number_undone], status);
    }
}

static void driver_up(void)
{
    number_undone = 0;
    memset(with_driver, 0, sizeof with_driver);
    fake_peer_up(&driver.fake);
    fake_peer_tell(&driver.fake, &disk, sizeof disk);
    wake(&driver);
    drive();
}

static void b_up(void)
{
    memset(asked, 0, sizeof asked);
    fake_peer_up(&b.fake);
    wake(&b);
}

static void ask_as_b(void)
{
    for (uint32_t id = 0; id < IDS && fuzz_agreed(&b); id++) {
        struct block_request r = {
            .id = id, .operation = BLOCK_READ, .count = 1, .block = id, .data = id * 512U};

        if (!asked[id] && queue_look_for_room(&b.fake.out) > 0) {
            asked[id] = true;
            (void)block_requests_put(&b.fake.out, &r);
            (void)queue_publish(&b.fake.out);
            return;
        }
    }
}

static void look_as_b(void)
{
    struct block_response response;

    while (fuzz_agreed(&b) && queue_look(&b.fake.in) > 0) {
        FUZZ_CHECK(block_responses_take(&b.fake.in, &response));
        (void)queue_release(&b.fake.in);
        FUZZ_CHECK(response.id < IDS && asked[response.id]);
        asked[response.id] = false;
    }
    (void)(fuzz_agreed(&b) && queue_sleep(&b.fake.in));
}

/* ---- A run ---- */

/* With a small table: its sum is taken in each run. */
static void make_disk(void)
{
    image_make(&image, 512);
    memset(image_block(&image, 1), 0, (IMAGE_BLOCKS - 1) * 512U);
    image.entries = 8;
    image.table_blocks = 2;
    image_write_header(&image, false);
    image_write_header(&image, true);
    image_partition(&image, 1, "site", 80, 99);
    image_partition(&image, 5, "log", 100, 200);
}

static void set_up(void)
{
    fake_reset();
    number_undone = 0;
    own = fake_region(&fake_config.own, OWN_SIZE, OWN_IO);
    fuzz_link(&driver, LINK_BLOCK_DEVICE, "disk", 16, sizeof(struct block_request), 16,
              sizeof(struct block_response), fill_response);
    fuzz_link(&a, LINK_BLOCK_CLIENT, "a", 16, sizeof(struct block_response), 16,
              sizeof(struct block_request), fill_request);
    fuzz_link(&b, LINK_BLOCK_CLIENT, "b", 64, sizeof(struct block_response), 64,
              sizeof(struct block_request), fill_request);
    fake_region(&a.fake.config->data, DATA_SIZE, A_IO);
    fake_region(&b.fake.config->data, DATA_SIZE, B_IO);
    a.fake.config->data.vaddr = b.fake.config->data.vaddr = 0; /* not mapped here */
    a.fake.config->settings.block = (struct quoll_block_settings){"site", 1, {0}, 4};
    b.fake.config->settings.block = (struct quoll_block_settings){"log", 0, {0}, 64};
    fuzz_run(MOST, init());
    virt.client[0].share = virt.client[1].share = 2; /* as with many: they may have more */
    fake_peer_up(&a.fake);
    b_up();
    driver_up();
}

static void driver_step(void)
{
    if (driver_lies) {
        fuzz_hurt(&driver);
        memcpy(own + fuzz_below(8192), &(uint32_t){fuzz32()}, 4);
    } else {
        drive();
        answer_some(fuzz_below(16), -(int32_t)fuzz_below(12));
    }
}

static void restart(void)
{
    fuzz_restart(MOST);
    b_up();
    driver_up();
}

static void step(void)
{
    switch (fuzz8() % 13U) {
    case 0:
    case 1:
        driver_step();
        break;
    case 2:
    case 3:
        wake(&driver);
        break;
    case 4:
    case 5:
    case 6:
        if (a_lies) {
            fuzz_hurt(&a);
        }
        break;
    case 7:
        wake(&a);
        break;
    case 8:
        ask_as_b();
        wake(&b);
        break;
    case 9:
        look_as_b();
        break;
    case 10:
        fake_lives[b.fake.config->peer_pd] += 1;
        b_up();
        break;
    case 11:
        fake_lives[driver.fake.config->peer_pd] += 1;
        driver_up();
        break;
    default:
        restart();
        break;
    }
}

/* With an honest driver, what the honest client asks is answered, and well. */
static void settle(void)
{
    fake_lives[driver.fake.config->peer_pd] += 1;
    driver_up();
    for (unsigned n = 0; n < 40; n++) {
        look_as_b();
        ask_as_b();
        wake(&b);
        drive();
        answer_some(LEDGER_SLOTS, QUOLL_OK);
        wake(&driver);
    }
    for (unsigned n = 0; n < 4; n++) {
        look_as_b();
        wake(&b);
        drive();
        answer_some(LEDGER_SLOTS, QUOLL_OK);
        wake(&driver);
    }
    look_as_b();
    for (uint32_t id = 0; id < IDS; id++) {
        FUZZ_CHECK(!asked[id]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (image.bytes == NULL) {
        make_disk();
    }
    fuzz_begin(input, size);
    uint8_t who = fuzz8();

    driver_lies = who % 3U == 0 || who >= 192;
    a_lies = who % 3U != 1 || who >= 128;
    set_up();
    while (fuzz_more()) {
        step();
    }
    if (!driver_lies) {
        settle();
    }
    fake_finish();
    return 0;
}
