/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client that uses its whole disk and checks each byte. With `mode=write` it
 * fills the partition with a pattern, flushes, overwrites its memory, reads back and
 * compares; with `mode=read` it compares what the host put there, and tries to write.
 * Then it asks for what it may not have. The last line says "passed", or what failed.
 */
#include <quoll/block_client.h>
#include <quoll/log.h>
#include <quoll/pd.h>
#include <quoll/serial_client.h>

#define DEPTH 16U
#define CHUNK 32768U /* bytes */

enum phase { START, WRITE, FLUSH, READ, REFUSALS, DONE };

static struct serial_client console;
static struct block_client disk;
static struct block_info info;
static enum phase phase;
static bool may_write;
static uint64_t next_chunk;
static uint64_t chunk_of[DEPTH];
static uint64_t free_places;
static uint64_t chunks;
static uint64_t resets;

static const struct refusal {
    const char *what;
    enum block_operation operation;
    uint64_t block;
    uint32_t count;
    uint64_t data;
    enum quoll_error expected;
} refusals[] = {
    {"no blocks", BLOCK_READ, 0, 0, 0, QUOLL_EINVALID},
    {"far behind the end", BLOCK_READ, UINT64_MAX, 1, 0, QUOLL_EINVALID},
    {"too many", BLOCK_READ, 0, UINT32_MAX, 0, QUOLL_EINVALID},
    {"not aligned", BLOCK_READ, 0, 1, 8, QUOLL_EINVALID},
    {"outside of the data", BLOCK_READ, 0, 1, UINT64_MAX - 511, QUOLL_EINVALID},
    {"no operation", (enum block_operation)99, 0, 1, 0, QUOLL_EINVALID},
};
#define CASES (sizeof refusals / sizeof refusals[0])

static uint64_t word_of(uint64_t position)
{
    return (position + 1U) * 0x9e3779b97f4a7c15U;
}

static uint64_t *place(unsigned n)
{
    return (uint64_t *)((unsigned char *)block_client_data(&disk) + (uint64_t)n * CHUNK);
}

static void fill(unsigned n)
{
    for (uint64_t i = 0; i < CHUNK / 8; i++) {
        place(n)[i] = phase == WRITE ? word_of(chunk_of[n] * (CHUNK / 8) + i) : 0;
    }
}

static void fail(const char *what, uint64_t where, int status)
{
    quoll_log("FAILED: %s %lu: %s", what, (unsigned long)where,
              quoll_error_name((enum quoll_error)status));
    phase = DONE;
}

static void compare(unsigned n)
{
    for (uint64_t i = 0; i < CHUNK / 8; i++) {
        if (place(n)[i] != word_of(chunk_of[n] * (CHUNK / 8) + i)) {
            fail("wrong data in chunk", chunk_of[n], QUOLL_ECORRUPT);
            return;
        }
    }
}

static enum quoll_error transfer(unsigned n)
{
    uint32_t count = CHUNK / info.block_size;

    return phase == WRITE ? block_write(&disk, chunk_of[n] * count, count, (uint64_t)n * CHUNK, n)
                          : block_read(&disk, chunk_of[n] * count, count, (uint64_t)n * CHUNK, n);
}

static void ask_for_chunks(void)
{
    while (free_places != 0 && next_chunk < chunks) {
        unsigned n = (unsigned)__builtin_ctzll(free_places);

        chunk_of[n] = next_chunk;
        fill(n);
        if (transfer(n) != QUOLL_OK) {
            return;
        }
        free_places &= free_places - 1U;
        next_chunk += 1U;
    }
}

static void ask_for_refusals(void)
{
    for (unsigned i = 0; i < CASES; i++) {
        const struct refusal *r = &refusals[i];

        if (r->operation == BLOCK_READ) {
            (void)block_read(&disk, r->block, r->count, r->data, i);
        } else { /* the library has no such function: by hand */
            struct block_request request = {
                .id = 63, .operation = (uint16_t)r->operation, .count = 1};

            queue_look_for_room(&disk.link.out);
            (void)block_requests_put(&disk.link.out, &request);
            disk.busy |= 1ULL << 63;
            disk.id[63] = i;
        }
    }
    if (!may_write) {
        (void)block_write(&disk, 0, 1, 0, CASES);
    }
}

static void go_to(enum phase to)
{
    phase = to;
    next_chunk = 0;
    if (to == FLUSH) {
        (void)block_flush(&disk, 0);
    } else if (to == REFUSALS) {
        ask_for_refusals();
    }
}

static void done_chunk(const struct block_response *done)
{
    if (done->status == QUOLL_ERESET) { /* allowed by the contract: once more */
        resets += 1U;
        if (transfer(done->id) != QUOLL_OK) {
            fail("again", done->id, QUOLL_EBUSY);
        }
        return;
    }
    if (done->status != QUOLL_OK) {
        fail("chunk", chunk_of[done->id], done->status);
        return;
    }
    if (phase == READ) {
        compare(done->id);
    }
    free_places |= 1ULL << done->id;
    if (phase != DONE && next_chunk == chunks && free_places == (1ULL << DEPTH) - 1U) {
        quoll_log("%lu chunks %s", (unsigned long)chunks, phase == WRITE ? "written" : "read");
        go_to(phase == WRITE ? FLUSH : REFUSALS);
    }
}

static void done_refusal(const struct block_response *done)
{
    enum quoll_error expected = done->id < CASES ? refusals[done->id].expected : QUOLL_EDENIED;

    if (done->status != (int32_t)expected) {
        fail("not refused as it should be: case", done->id, done->status);
    }
    next_chunk += 1U;
    if (phase != DONE && next_chunk == CASES + !may_write) {
        quoll_log("passed, %lu resets", (unsigned long)resets);
        phase = DONE;
    }
}

static void done_with(const struct block_response *done)
{
    switch (phase) {
    case WRITE:
    case READ:
        done_chunk(done);
        break;
    case FLUSH:
        if (done->status == QUOLL_ERESET) {
            (void)block_flush(&disk, 0);
        } else if (done->status != QUOLL_OK) {
            fail("flush", 0, done->status);
        } else {
            quoll_log("flushed");
            go_to(READ);
        }
        break;
    case REFUSALS:
        done_refusal(done);
        break;
    default:
        break;
    }
}

static void begin(void)
{
    chunks = info.blocks * info.block_size / CHUNK;
    free_places = (1ULL << DEPTH) - 1U;
    quoll_log("%lu blocks of %u, at most %u, writable %u, flush %u, discard %u, zeroes %u",
              (unsigned long)info.blocks, info.block_size, info.max_count, info.writable,
              info.can_flush, info.can_discard, info.can_write_zeroes);
    go_to(may_write ? WRITE : READ);
}

static void work(void)
{
    struct block_response done;

    if (phase == START && block_client_info(&disk, &info)) {
        begin();
    } else if (phase == START && info.error != QUOLL_OK) {
        fail("no disk", 0, info.error);
    }
    do {
        while (block_client_next(&disk, &done)) {
            done_with(&done);
        }
        if (phase == WRITE || phase == READ) {
            ask_for_chunks();
        }
        block_client_publish(&disk);
    } while (!block_client_sleep(&disk));
}

void pd_start(void)
{
    const char *mode = quoll_setting("mode");

    if (serial_client_open(&console, NULL) == QUOLL_OK) {
        serial_client_log(&console);
    }
    may_write = mode != NULL && strcmp(mode, "write") == 0;
    if (block_client_open(&disk, "disk") != QUOLL_OK) {
        fail("open", 0, QUOLL_ENOTFOUND);
        return;
    }
    work();
}

void pd_wake(microkit_channel channel)
{
    (void)serial_client_wake(&console, channel);
    if (block_client_wake(&disk, channel)) {
        work();
    }
}
