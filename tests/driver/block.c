/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every block driver does, whatever the device: <quoll/block.h>, block_driver.h. The
 * test plays the virtualiser and looks at the disk's file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver.h"

#include <quoll/block.h>
#include <quoll/error.h>

#define CAPACITY 128U
#define IDS      128U
#define SLICE    65536U /* of data for each id */
#define SECTORS  1024U
#define SECTOR   512U

static struct fake_peer virt;
static char disk[64];
static int disk_fd = -1;
static unsigned char *data;
static uint64_t data_io;
static bool asked[IDS];
static int32_t status[IDS];

/* ---- Surroundings ---- */

static void fill(unsigned char *at, size_t size, uint32_t number)
{
    for (size_t i = 0; i < size; i++) {
        at[i] = (unsigned char)(number * 13U + i * 7U + (i >> 9));
    }
}

/* Each sector tells its number. */
static void make_disk(void)
{
    static unsigned char image[SECTORS * SECTOR];

    if (disk_fd < 0) {
        disk_fd = memfd_create("disk", 0);
        assert_return_code(disk_fd, errno);
        (void)snprintf(disk, sizeof disk, "/proc/%d/fd/%d", getpid(), disk_fd);
        for (uint32_t n = 0; n < SECTORS; n++) {
            fill(image + n * SECTOR, SECTOR, n);
        }
    }
    assert_int_equal(pwrite(disk_fd, image, sizeof image, 0), (ssize_t)sizeof image);
}

static void power_on(bool readonly, const char *options)
{
    make_disk();
    driver_power_on(&(struct machine_plugs){
        .wire = -1, .disk = disk, .readonly = readonly, .options = options});
    fake_link(&virt, LINK_BLOCK_DEVICE, "virt", CAPACITY, sizeof(struct block_response), CAPACITY,
              sizeof(struct block_request));
    data = driver_memory((size_t)IDS * SLICE, &data_io);
    memset(asked, 0, sizeof asked);
}

static struct block_info info(void)
{
    struct block_info copy;

    memcpy(&copy, virt.pd->info, sizeof copy);
    return copy;
}

static void start(void)
{
    driver_start();
    fake_peer_up(&virt);
    driver_wake(&virt);
    (void)queue_sleep(&virt.in);
}

static void begin(bool readonly, const char *options)
{
    power_on(readonly, options);
    start();
    assert_int_equal(info().ready, 1);
}

static bool put(uint32_t id, enum block_operation operation, uint64_t block, uint32_t count)
{
    bool moves = operation == BLOCK_READ || operation == BLOCK_WRITE;
    const struct block_request request = {.id = id,
                                          .operation = (uint16_t)operation,
                                          .block = block,
                                          .count = count,
                                          .data = moves ? data_io + id * SLICE : 0};

    if (queue_look_for_room(&virt.out) == 0) {
        return false;
    }
    assert_false(asked[id]);
    asked[id] = true;
    return block_requests_put(&virt.out, &request);
}

static void publish(void)
{
    if (queue_publish(&virt.out)) {
        driver_wake(&virt);
    }
}

static void ask(uint32_t id, enum block_operation operation, uint64_t block, uint32_t count)
{
    assert_true(put(id, operation, block, count));
    publish();
}

/* Answers come once, and only to what was asked. */
static unsigned take_answers(void)
{
    struct block_response response;
    unsigned n = 0;

    (void)queue_look(&virt.in);
    for (; block_responses_take(&virt.in, &response); n++) {
        assert_true(response.id < IDS && asked[response.id]);
        asked[response.id] = false;
        status[response.id] = response.status;
    }
    if (queue_release(&virt.in)) {
        driver_wake(&virt);
    }
    (void)queue_sleep(&virt.in);
    return n;
}

static bool answered(uint32_t id)
{
    (void)take_answers();
    return !asked[id];
}

static void expect(uint32_t id, int32_t wanted)
{
    EVENTUALLY(answered(id));
    assert_int_equal(status[id], wanted);
}

static void does(enum block_operation operation, uint64_t block, uint32_t count, int32_t wanted)
{
    ask(0, operation, block, count);
    expect(0, wanted);
}

static void on_disk(uint64_t offset, const void *wanted, size_t size)
{
    static unsigned char got[SLICE];

    assert_int_equal(pread(disk_fd, got, size, (off_t)offset), (ssize_t)size);
    assert_memory_equal(got, wanted, size);
}

/* ---- Tests ---- */

static void the_disk_is_described(void **state)
{
    struct block_info about;

    (void)state;
    begin(false, "");
    about = info();
    assert_int_equal(about.block_size, SECTOR);
    assert_int_equal(about.blocks, SECTORS);
    assert_int_equal(about.writable, 1);
    assert_int_equal(about.error, QUOLL_OK);
    assert_true(about.max_count >= 8);
    assert_int_equal(about.can_flush, 1);
}

static void what_is_read_is_what_is_there(void **state)
{
    static const uint32_t places[][2] = {{0, 1}, {1, 1}, {7, 8}, {SECTORS - 1, 1}, {100, 128}};
    static unsigned char wanted[SLICE];

    (void)state;
    begin(false, "");
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        memset(data, 0xee, SLICE);
        does(BLOCK_READ, places[i][0], places[i][1], QUOLL_OK);
        for (uint32_t n = 0; n < places[i][1]; n++) {
            fill(wanted + n * SECTOR, SECTOR, places[i][0] + n);
        }
        assert_memory_equal(data, wanted, places[i][1] * SECTOR);
        if (places[i][1] * SECTOR < SLICE) {
            assert_int_equal(data[places[i][1] * SECTOR], 0xee); /* and no more */
        }
    }
}

static void what_is_written_and_flushed_is_on_the_disk(void **state)
{
    static unsigned char beside[SECTOR];

    (void)state;
    begin(false, "");
    fill(data, 16 * SECTOR, 99);
    does(BLOCK_WRITE, 500, 16, QUOLL_OK);
    does(BLOCK_FLUSH, 0, 0, QUOLL_OK);
    on_disk(500 * SECTOR, data, 16 * SECTOR);
    fill(beside, SECTOR, 499);
    on_disk(499 * SECTOR, beside, SECTOR);
    fill(beside, SECTOR, 516);
    on_disk(516 * SECTOR, beside, SECTOR);
}

static void many_at_once_are_answered_each(void **state)
{
    static unsigned char wanted[SECTOR];

    (void)state;
    begin(false, "");
    for (unsigned round = 0; round < 5; round++) {
        for (uint32_t id = 0; id < IDS; id++) {
            assert_true(put(id, BLOCK_READ, (id * 61U + round) % SECTORS, 1));
        }
        publish();
        for (uint32_t id = 0; id < IDS; id++) {
            expect(id, QUOLL_OK);
            fill(wanted, SECTOR, (id * 61U + round) % SECTORS);
            assert_memory_equal(data + id * SLICE, wanted, SECTOR);
        }
    }
}

static void wrong_requests_are_refused_and_harm_nobody(void **state)
{
    uint32_t most;

    (void)state;
    begin(false, "");
    most = info().max_count;
    does(BLOCK_READ, SECTORS, 1, QUOLL_EINVALID);
    does(BLOCK_READ, SECTORS - 1, 2, QUOLL_EINVALID);
    does(BLOCK_READ, UINT64_MAX, 1, QUOLL_EINVALID);
    does(BLOCK_READ, 1, UINT32_MAX, QUOLL_EINVALID);
    does(BLOCK_READ, 0, most + 1, QUOLL_EINVALID);
    does(BLOCK_WRITE, SECTORS, 1, QUOLL_EINVALID);
    does(BLOCK_READ, 0, 0, QUOLL_EINVALID);
    does((enum block_operation)0, 0, 1, QUOLL_EINVALID);
    does((enum block_operation)999, 0, 1, QUOLL_EINVALID);
    assert_int_equal(fake_link_count(&virt, COUNT_REFUSED), 9);
    does(BLOCK_READ, 5, 1, QUOLL_OK);
}

static void a_read_only_disk_is_not_written(void **state)
{
    static unsigned char wanted[SECTOR];

    (void)state;
    begin(true, "");
    assert_int_equal(info().writable, 0);
    fill(data, SECTOR, 1);
    does(BLOCK_WRITE, 7, 1, QUOLL_EDENIED);
    does(BLOCK_DISCARD, 7, 1, QUOLL_EDENIED);
    does(BLOCK_WRITE_ZEROES, 7, 1, QUOLL_EDENIED);
    does(BLOCK_READ, 7, 1, QUOLL_OK);
    fill(wanted, SECTOR, 7);
    on_disk(7 * SECTOR, wanted, SECTOR);
    assert_memory_equal(data, wanted, SECTOR);
}

static void zeroes_and_discards_do_as_the_description_says(void **state)
{
    static const unsigned char zeroes[4 * SECTOR];
    static unsigned char beside[SECTOR];

    (void)state;
    begin(false, "");
    does(BLOCK_WRITE_ZEROES, 40, 4, info().can_write_zeroes ? QUOLL_OK : QUOLL_EUNSUPPORTED);
    does(BLOCK_DISCARD, 60, 4, info().can_discard ? QUOLL_OK : QUOLL_EUNSUPPORTED);
    does(BLOCK_FLUSH, 0, 0, QUOLL_OK);
    if (info().can_write_zeroes) {
        on_disk(40 * SECTOR, zeroes, sizeof zeroes);
    }
    fill(beside, SECTOR, 39);
    on_disk(39 * SECTOR, beside, SECTOR);
    fill(beside, SECTOR, 44);
    on_disk(44 * SECTOR, beside, SECTOR);
    fill(beside, SECTOR, 64);
    on_disk(64 * SECTOR, beside, SECTOR);
}

static void a_disk_at_rest_does_not_interrupt(void **state)
{
    (void)state;
    begin(false, "");
    does(BLOCK_READ, 5, 1, QUOLL_OK);
    driver_run(1000000);
    driver_interrupts = 0;
    for (unsigned i = 0; i < 30; i++) {
        driver_run(1000000);
    }
    assert_int_equal(driver_interrupts, 0);
}

static void interrupts_for_nothing_change_nothing(void **state)
{
    (void)state;
    begin(false, "");
    for (unsigned i = 0; i < 5; i++) {
        driver_interrupt();
        does(BLOCK_READ, i, 1, QUOLL_OK);
    }
    driver_interrupt();
    assert_int_equal(fake_pd_count(COUNT_DEVICE_ERRORS), 0);
    assert_int_equal(fake_pd_count(COUNT_RESETS), 1);
}

static void a_new_life_takes_up_the_work(void **state)
{
    (void)state;
    begin(false, "");
    for (unsigned n = 0; n < 5; n++) {
        for (uint32_t id = 1; id < 30; id++) {
            ask(id, BLOCK_READ, id, 1);
        }
        memset(asked, 0, sizeof asked); /* the links begin anew */
        start();
        does(BLOCK_READ, 5, 1, QUOLL_OK);
    }
}

static void a_virtualiser_that_begins_anew_is_served(void **state)
{
    (void)state;
    begin(false, "");
    for (uint32_t id = 1; id < 30; id++) {
        ask(id, BLOCK_READ, id, 1);
    }
    fake_peer_new_life(&virt);
    memset(asked, 0, sizeof asked);
    driver_wake(&virt);
    assert_int_equal(info().ready, 1);
    does(BLOCK_READ, 5, 1, QUOLL_OK); /* and nothing is answered that it did not ask */
    driver_run(2000000);
    assert_int_equal(take_answers(), 0);
}

static void an_impossible_index_stops_only_this_life(void **state)
{
    (void)state;
    begin(false, "");
    virt.half->produce.tail += CAPACITY + 1U;
    driver_wake(&virt);
    assert_int_equal(fake_link_count(&virt, COUNT_BROKEN), 1);
    fake_peer_new_life(&virt);
    driver_wake(&virt);
    (void)queue_sleep(&virt.in);
    does(BLOCK_READ, 5, 1, QUOLL_OK);
}

/* Wherever it dies: what was answered as written is on the disk, and the next life works. */
static void it_may_die_at_any_access(void **state)
{
    (void)state;
    for (unsigned access = 1;; access += machine == &machine_qemu ? 13 : 1) {
        power_on(false, "");
        driver_dies_at(access);
        start();
        for (uint32_t id = 0; id < 8; id++) {
            fill(data + id * SLICE, SECTOR, 1000 + id);
            ask(id, BLOCK_WRITE, 100 + id, 1);
            driver_run(100000);
        }
        for (unsigned n = 0; n < 20 && !driver_dead(); n++) {
            (void)take_answers();
            driver_run(1000000);
        }
        if (!driver_dead()) {
            assert_true(access > 25);
            break;
        }
        (void)take_answers();
        driver_dies_at(0);
        bool written[8];
        for (uint32_t id = 0; id < 8; id++) {
            written[id] = !asked[id] && status[id] == QUOLL_OK;
        }
        memset(asked, 0, sizeof asked);
        fake_peer_new_life(&virt);
        start();
        does(BLOCK_FLUSH, 0, 0, QUOLL_OK);
        for (uint32_t id = 0; id < 8; id++) {
            if (written[id]) {
                on_disk((100 + id) * SECTOR, data + id * SLICE, SECTOR);
            }
        }
    }
}

static const struct CMUnitTest tests[] = {
    DRIVER_TEST(the_disk_is_described),
    DRIVER_TEST(what_is_read_is_what_is_there),
    DRIVER_TEST(what_is_written_and_flushed_is_on_the_disk),
    DRIVER_TEST(many_at_once_are_answered_each),
    DRIVER_TEST(wrong_requests_are_refused_and_harm_nobody),
    DRIVER_TEST(a_read_only_disk_is_not_written),
    DRIVER_TEST(zeroes_and_discards_do_as_the_description_says),
    DRIVER_TEST(a_disk_at_rest_does_not_interrupt),
    DRIVER_TEST(interrupts_for_nothing_change_nothing),
    DRIVER_TEST(a_new_life_takes_up_the_work),
    DRIVER_TEST(a_virtualiser_that_begins_anew_is_served),
    DRIVER_TEST(an_impossible_index_stops_only_this_life),
    DRIVER_TEST(it_may_die_at_any_access),
};

/* ---- With a simulated device that is not as it should be ---- */

static void traffic(uint32_t number)
{
    static const enum block_operation operations[] = {BLOCK_READ, BLOCK_WRITE, BLOCK_READ,
                                                      BLOCK_FLUSH};

    for (uint32_t n = 0; n < 4; n++) {
        uint32_t id = (number * 4U + n) % IDS;
        bool flush = operations[n] == BLOCK_FLUSH;

        if (!asked[id]) {
            (void)put(id, operations[n], flush ? 0 : id, flush ? 0 : 1);
        }
    }
    publish();
    driver_run(300000);
    (void)take_answers();
    if (number % 3U == 0) {
        driver_wake(&virt);
    }
}

static bool none_asked(void)
{
    (void)take_answers();
    for (uint32_t id = 0; id < IDS; id++) {
        if (asked[id]) {
            return false;
        }
    }
    return true;
}

/*
 * Whatever the device does: each request is answered at most once (take_answers() checks);
 * when it has come to its senses, each exactly once, and the disk works.
 */
static void chaos(const char *options, bool may_be_given_up)
{
    for (uint64_t seed = 1; seed <= 150; seed++) {
        power_on(false, options);
        machine_misbehave(seed);
        start();
        for (uint32_t n = 0; n < 40; n++) {
            traffic(n);
        }
        machine_misbehave(0);
        for (unsigned n = 0; n < 50 && !none_asked(); n++) {
            driver_wake(&virt);
            driver_run(2000000);
        }
        if (may_be_given_up && info().ready == 0) {
            assert_int_not_equal(info().error, QUOLL_OK);
            continue;
        }
        assert_true(none_asked());
        for (unsigned n = 0; n < 3; n++) { /* a reset may still be due */
            ask(0, BLOCK_READ, 5, 1);
            EVENTUALLY(answered(0));
        }
        assert_int_equal(status[0], QUOLL_OK);
    }
}

static void a_device_that_breaks_its_protocol_is_reset(void **state)
{
    (void)state;
    chaos("faults=id+length+index+data", true);
}

static void a_device_that_is_late_or_interrupts_for_nothing_is_served(void **state)
{
    (void)state;
    chaos("faults=late+spurious+stuck", false);
}

static void a_device_that_wants_to_be_reset_is_reset(void **state)
{
    (void)state;
    chaos("faults=reset+slow+lost", true);
}

static void a_device_may_do_it_all(void **state)
{
    (void)state;
    chaos("faults=all", true);
}

/* Its blocks shrink and grow; what is beyond is refused, by the driver or the device. */
static void a_disk_that_changes_is_followed(void **state)
{
    bool smaller = false;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        power_on(false, "faults=config+torn");
        machine_misbehave(seed);
        start();
        for (uint32_t n = 0; n < 40 && info().ready; n++) {
            traffic(n);
            smaller = smaller || info().blocks < SECTORS;
            assert_true(info().blocks <= SECTORS);
        }
    }
    assert_true(smaller);
}

static void a_device_that_does_not_come_to_rest_is_given_up(void **state)
{
    bool given_up = false;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        power_on(false, "faults=dead+reset");
        machine_misbehave(seed);
        start();
        for (uint32_t n = 0; n < 40; n++) {
            traffic(n);
        }
        given_up = given_up || (!info().ready && info().error != QUOLL_OK);
    }
    assert_true(given_up);
}

static void odd_devices_work(void **state)
{
    static const char *const options[] = {"without=event_idx",
                                          "queue=4",
                                          "queue=8,without=event_idx",
                                          "queue=100",
                                          "latency=100000",
                                          "without=flush",
                                          "size-max=4096,seg-max=1",
                                          "block-size=4096",
                                          "without=write_zeroes+discard",
                                          "discard-max=1"};
    static unsigned char wanted[SECTOR];

    (void)state;
    for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++) {
        begin(false, options[i]);
        struct block_info about = info();

        assert_int_equal(about.blocks * about.block_size, SECTORS * SECTOR);
        assert_int_equal(about.can_flush, strcmp(options[i], "without=flush") != 0);
        for (unsigned round = 0; round < 3; round++) {
            for (uint32_t id = 0; id < 64; id++) {
                assert_true(put(id, BLOCK_READ, id + round, 1));
            }
            publish();
            for (uint32_t id = 0; id < 64; id++) {
                expect(id, QUOLL_OK);
                fill(wanted, SECTOR, (id + round) * (about.block_size / SECTOR));
                assert_memory_equal(data + id * SLICE, wanted, SECTOR);
            }
        }
        does(BLOCK_FLUSH, 0, 0, QUOLL_OK);
        does(BLOCK_DISCARD, 3, 1, about.can_discard ? QUOLL_OK : QUOLL_EUNSUPPORTED);
        does(BLOCK_WRITE_ZEROES, 3, 1, about.can_write_zeroes ? QUOLL_OK : QUOLL_EUNSUPPORTED);
    }
}

static void impossible_devices_are_refused(void **state)
{
    static const struct {
        const char *options;
        int error;
    } cases[] = {{"version=1", QUOLL_EUNSUPPORTED},
                 {"without=version_1", QUOLL_EUNSUPPORTED},
                 {"queue=0", QUOLL_ENOTFOUND},
                 {"queue=2", QUOLL_EBUSY},
                 {"block-size=1000", QUOLL_EUNSUPPORTED},
                 {"block-size=8192", QUOLL_EUNSUPPORTED},
                 {"size-max=100", QUOLL_EUNSUPPORTED},
                 {"seg-max=0", QUOLL_EUNSUPPORTED}};

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        power_on(false, cases[i].options);
        start();
        assert_int_equal(info().ready, 0);
        assert_int_equal(info().error, cases[i].error);
        does(BLOCK_READ, 5, 1, QUOLL_EDOWN);
    }
}

/* An answer that comes between any two accesses of a driver that goes to sleep. */
static void no_answer_is_overslept(void **state)
{
    bool acted = true;

    (void)state;
    for (unsigned access = 1; acted; access++) {
        begin(false, "");
        driver_device_acts_at(access);
        ask(0, BLOCK_READ, 5, 1);
        acted = driver_device_acted();
        driver_device_acts_at(0);
        expect(0, QUOLL_OK);
    }
}

static const struct CMUnitTest simulated[] = {
    DRIVER_TEST(no_answer_is_overslept),
    DRIVER_TEST(a_device_that_breaks_its_protocol_is_reset),
    DRIVER_TEST(a_device_that_is_late_or_interrupts_for_nothing_is_served),
    DRIVER_TEST(a_device_that_wants_to_be_reset_is_reset),
    DRIVER_TEST(a_device_may_do_it_all),
    DRIVER_TEST(a_disk_that_changes_is_followed),
    DRIVER_TEST(a_device_that_does_not_come_to_rest_is_given_up),
    DRIVER_TEST(odd_devices_work),
    DRIVER_TEST(impossible_devices_are_refused),
};

const struct driver_tests driver_tests = {"block", tests, sizeof tests / sizeof tests[0], simulated,
                                          sizeof simulated / sizeof simulated[0]};
