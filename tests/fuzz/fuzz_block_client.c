/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A block client's library with a hostile virtualiser: each request that was accepted is
 * reported at most once, none that was not, and what a dead virtualiser had, only when the
 * next one has spoken.
 */
#include <string.h>

#include "peer.h"

#include <quoll/block_client.h>

#define DATA_SIZE 65536U
#define IDS       256U
#define MOST      1000U

#pragma clang section bss = "zeroed"
static struct block_client disk;
#pragma clang section bss = ""

static struct fuzz_peer virt;
static bool asked[IDS];
static uint32_t next_id;

static void fill_response(void *entry)
{
    struct block_response response = {(uint32_t)fuzz_odd(fuzz_below(8), 8),
                                      -(int32_t)fuzz_below(12)};

    memcpy(entry, &response, sizeof response);
}

/* The client is a program too: these are its two entries. */
void pd_start(void)
{
    FUZZ_CHECK(block_client_open(&disk, NULL) == QUOLL_OK);
}

void pd_wake(microkit_channel channel)
{
    struct block_response done;

    FUZZ_CHECK(block_client_wake(&disk, channel));
    for (unsigned n = 0; n < IDS && block_client_next(&disk, &done); n++) {
        FUZZ_CHECK(done.id < IDS && asked[done.id]);
        asked[done.id] = false;
    }
    (void)block_client_sleep(&disk);
}

static void check(void)
{
    struct block_request request;

    FUZZ_CHECK((disk.busy & disk.lost) == 0 && ((disk.busy | disk.lost) & ~disk.slots) == 0);
    unsigned outstanding = 0;

    for (unsigned id = 0; id < IDS; id++) {
        outstanding += asked[id];
    }
    FUZZ_CHECK(outstanding == (unsigned)__builtin_popcountll(disk.busy | disk.lost));
    while (fuzz_watch(&virt, &request)) {
        FUZZ_CHECK(request.id < 64 && request.count == 1 && request.block == 7);
    }
}

static void ask(void)
{
    enum quoll_error error = QUOLL_EBUSY;
    uint32_t id = next_id++ % IDS;

    if (asked[id]) {
        return;
    }
    unsigned room = 0;

    fuzz_run(MOST, room = block_client_room(&disk));
    fuzz_run(MOST, error = block_read(&disk, 7, 1, 512, id));
    FUZZ_CHECK(error == QUOLL_OK || error == QUOLL_EBUSY || error == QUOLL_EDOWN);
    FUZZ_CHECK(room <= 8);
    asked[id] = error == QUOLL_OK;
    if (fuzz8() % 2U == 0) {
        fuzz_run(MOST, block_client_publish(&disk));
    }
}

static void set_up(void)
{
    fake_reset();
    memset(asked, 0, sizeof asked);
    next_id = 0;
    fuzz_link(&virt, LINK_BLOCK_CLIENT, "disk", 16, sizeof(struct block_request), 16,
              sizeof(struct block_response), fill_response);
    fake_region(&virt.fake.config->data, DATA_SIZE, 0);
    virt.fake.config->settings.block.quota = 8;
    fuzz_run(MOST, init());
    fake_peer_up(&virt.fake);
    fuzz_wake(&virt, MOST);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct block_info info;
    bool ready = false;

    fuzz_begin(input, size);
    set_up();
    while (fuzz_more()) {
        switch (fuzz8() % 5U) {
        case 0:
        case 1:
            fuzz_hurt(&virt);
            break;
        case 2:
            ask();
            break;
        case 3:
            fuzz_run(MOST, ready = block_client_info(&disk, &info));
            FUZZ_CHECK(!ready || info.ready == 1);
            break;
        default:
            fuzz_wake(&virt, MOST);
            break;
        }
        check();
    }
    fake_finish();
    return 0;
}
