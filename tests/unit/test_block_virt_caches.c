/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block virtualiser with a device that does not see the CPU's caches; and what it
 * needs of the composer, without which it does not start.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>

#include "played_caches.h"

/* Its names are also those of the test's world. */
#define ask  table_ask
#define good table_good
#include "block/virt_table.c"
#undef ask
#undef good

#include "block_virt_world.h"

static void start_incoherent(void)
{
    (void)set_up_down(NULL);
    fake_region(&a.config->data, DATA_SIZE, A_IO);
    fake_region(&b.config->data, DATA_SIZE, B_IO);
    a.config->data.coherent = b.config->data.coherent = fake_config.own.coherent = 0;
    cares = 0;
    start();
    assert_int_equal(virt.state, VIRT_SERVING);
}

static void the_table_is_read_from_memory_not_from_caches(void **state)
{
    (void)state;
    start_incoherent();
    assert_true(cares >= 2);
    for (unsigned i = 0; i < cares; i++) {
        assert_true(care[i].invalidate);
        assert_in_range((uintptr_t)care[i].start, (uintptr_t)own, (uintptr_t)own + 65535);
        assert_true(care[i].size >= 512);
    }
}

static void data_are_written_back_or_dropped(void **state)
{
    (void)state;
    start_incoherent();
    cares = 0;
    ask(&a, (struct block_request){
                .id = 1, .operation = BLOCK_WRITE, .count = 2, .block = 3, .data = 1024});
    wake(&a);
    drive();
    assert_int_equal(cares, 1);
    assert_cared(0, (const uint8_t *)(uintptr_t)a.config->data.vaddr + 1024, 1024, false);
    ask(&a, (struct block_request){
                .id = 2, .operation = BLOCK_READ, .count = 1, .block = 3, .data = 512});
    wake(&a);
    drive();
    assert_true(cares >= 2);
    assert_cared(1, (const uint8_t *)(uintptr_t)a.config->data.vaddr + 512, 512, true);
    cares = 0;
    ask(&a, (struct block_request){.id = 3, .operation = BLOCK_FLUSH});
    wake(&a);
    drive();
    assert_int_equal(cares, 0);
}

static sigjmp_buf before;

static void on_fault(int number)
{
    siglongjmp(before, number);
}

static void refuses_to_start(const char *why)
{
    void (*ill)(int) = signal(SIGILL, on_fault);

    if (sigsetjmp(before, 1) == 0) {
        init();
        fail_msg("it starts: %s", why);
    }
    (void)signal(SIGILL, ill);
    assert_non_null(strstr(fake_output(), why));
    memset(&virt, 0, sizeof virt);
}

static void what_it_needs_must_be_there(void **state)
{
    struct quoll_config good_config = fake_config;

    (void)state;
    fake_config.own.vaddr = 0;
    refuses_to_start("of its own for DMA");
    fake_config = good_config;
    fake_config.own.size = GPT_READER_MEMORY - 1;
    refuses_to_start("of its own for DMA");
    fake_config = good_config;
    fake_config.own.io = QUOLL_NO_IO;
    refuses_to_start("of its own for DMA");
    fake_config = good_config;
    driver.config->produce_capacity = 1;
    refuses_to_start("the link to the driver is too small");
    fake_config = good_config;
    driver.config->kind = LINK_NONE;
    refuses_to_start("no driver");
    fake_config = good_config;
    a.config->data.io = QUOLL_NO_IO;
    refuses_to_start("client 'a' has no data region for DMA");
    fake_config = good_config;
    a.config->data.coherent = 0;
    refuses_to_start("must be mapped here");
    fake_config = good_config;
    fake_config.own.size = GPT_READER_MEMORY; /* just enough */
    start();
    assert_int_equal(virt.state, VIRT_SERVING);
}

/* A driver's new life that tells of the same disk changes nothing; of any other, all. */
static void each_difference_is_another_disk(void **state)
{
    struct block_info info = disk_info;
    uint8_t *bytes[] = {&info.can_flush, &info.can_discard, &info.can_write_zeroes, &info.writable};

    (void)state;
    for (unsigned i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        *bytes[i] = !*bytes[i];
        fake_peer_tell(&driver, &info, sizeof info);
        wake(&driver);
        assert_int_not_equal(virt.state, VIRT_SERVING); /* the table is read again */
        drive();
        assert_int_equal(virt.state, VIRT_SERVING);
        fake_peer_tell(&driver, &info, sizeof info);
        wake(&driver);
        assert_int_equal(virt.state, VIRT_SERVING);
    }
    info.max_count = 4;
    fake_peer_tell(&driver, &info, sizeof info);
    wake(&driver);
    assert_int_not_equal(virt.state, VIRT_SERVING);
}

static void a_disk_without_partitions_has_none(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 8; n++) {
        memset(image_entry(&image, false, n), 0, IMAGE_ENTRY);
        memset(image_entry(&image, true, n), 0, IMAGE_ENTRY);
    }
    image_seal(&image);
    start();
    assert_int_equal(info_of(&a).ready, 0);
    assert_int_equal(info_of(&a).error, QUOLL_ENOTFOUND);
    assert_non_null(strstr(fake_output(), "a: no partition 'site'; the disk has none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_table_is_read_from_memory_not_from_caches, tear_down),
        cmocka_unit_test_teardown(data_are_written_back_or_dropped, tear_down),
        cmocka_unit_test_setup_teardown(what_it_needs_must_be_there, set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_without_partitions_has_none, set_up_down, tear_down),
        IN_A_PD(each_difference_is_another_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
