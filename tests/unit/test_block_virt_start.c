/* SPDX-License-Identifier: BSD-2-Clause */
/* The block virtualiser: from nothing to clients that know their partitions. */
#include "block_virt_world.h"

static void clients_hear_of_their_partitions(void **state)
{
    struct block_info info = info_of(&a);

    (void)state;
    assert_int_equal(info.ready, 1);
    assert_int_equal(info.blocks, 20);
    assert_int_equal(info.block_size, 512);
    assert_int_equal(info.max_count, 8);
    assert_int_equal(info.writable, 1);
    assert_int_equal(info.can_flush, 1);
    assert_int_equal(info.can_discard, 1);
    assert_int_equal(info.can_write_zeroes, 0);
    info = info_of(&b);
    assert_int_equal(info.ready, 1);
    assert_int_equal(info.blocks, 101);
    assert_int_equal(info.writable, 0);
}

static void a_missing_partition_is_said_in_plain_words(void **state)
{
    (void)state;
    strcpy(a.config->settings.block.partition, "sites");
    start();
    assert_int_equal(info_of(&a).ready, 0);
    assert_int_equal(info_of(&a).error, QUOLL_ENOTFOUND);
    assert_int_equal(info_of(&b).ready, 1);
    assert_string_equal(fake_output(),
                        "test: a: no partition 'sites'; the disk has 'boot' 'site' 'log'\n");
    ask(&a, good);
    wake(&a);
    expect(&a, good.id, QUOLL_EDOWN);
    assert_int_equal(number_got, 0);
}

static void a_partition_name_without_its_nul_matches_nothing(void **state)
{
    (void)state;
    memset(a.config->settings.block.partition, 'x', sizeof a.config->settings.block.partition);
    start();
    assert_int_equal(info_of(&a).error, QUOLL_ENOTFOUND);
    assert_int_equal(info_of(&b).ready, 1);
}

static void two_partitions_of_one_name_are_refused(void **state)
{
    (void)state;
    image_partition(&image, 8, "site", 210, 211);
    start();
    assert_int_equal(info_of(&a).error, QUOLL_ECORRUPT);
    assert_string_equal(fake_output(), "test: a: several partitions are called 'site'; refused\n");
    assert_int_equal(info_of(&b).ready, 1);
}

static void a_foreign_disk_is_refused(void **state)
{
    (void)state;
    memset(image.bytes, 0, 512);
    start();
    assert_int_equal(virt.state, VIRT_DOWN);
    assert_int_equal(info_of(&a).error, QUOLL_ECORRUPT);
    assert_int_equal(info_of(&b).error, QUOLL_ECORRUPT);
    assert_string_equal(fake_output(),
                        "test: GPT: primary: no partition table (block 0 has no signature)\n");
    ask(&a, good);
    wake(&a);
    expect(&a, good.id, QUOLL_EDOWN);
}

static void the_backup_is_used_and_said(void **state)
{
    (void)state;
    image_header(&image, false)[0] = 0;
    start();
    assert_int_equal(info_of(&a).ready, 1);
    assert_string_equal(fake_output(),
                        "test: GPT: primary: no signature; the backup is good and is used\n");
}

static void a_driver_without_device_says_so_to_all(void **state)
{
    struct block_info none = {.error = QUOLL_ENOTFOUND};

    (void)state;
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    fake_peer_tell(&driver, &none, sizeof none);
    wake(&a);
    wake(&driver);
    assert_int_equal(info_of(&a).error, QUOLL_ENOTFOUND);
    none.error = 77;
    fake_peer_tell(&driver, &none, sizeof none);
    wake(&driver);
    assert_int_equal(info_of(&a).error, QUOLL_EIO);
}

static void impossible_geometries_are_refused(void **state)
{
    static const struct block_info bad[] = {
        {.blocks = 256, .block_size = 0, .max_count = 8, .ready = 1},
        {.blocks = 256, .block_size = 511, .max_count = 8, .ready = 1},
        {.blocks = 256, .block_size = 256, .max_count = 8, .ready = 1},
        {.blocks = 256, .block_size = 8192, .max_count = 8, .ready = 1},
        {.blocks = 256, .block_size = 768, .max_count = 8, .ready = 1},
        {.blocks = 256, .block_size = 512, .max_count = 0, .ready = 1},
        {.blocks = 0, .block_size = 512, .max_count = 8, .ready = 1},
        {.blocks = UINT64_MAX / 512 + 1, .block_size = 512, .max_count = 8, .ready = 1},
    };

    (void)state;
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fake_peer_tell(&driver, &bad[i], sizeof bad[i]);
        wake(&driver);
        assert_int_equal(virt.state, VIRT_DOWN);
        assert_int_equal(info_of(&a).error, QUOLL_EIO);
        assert_int_equal(fake_link_count(&driver, COUNT_REFUSED), i + 1);
        assert_int_equal(queue_look(&driver.in), 0);
    }
}

static void requests_wait_until_the_table_is_read(void **state)
{
    (void)state;
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    wake(&a);
    ask(&a, good);
    wake(&a);
    wake(&driver);
    assert_int_equal(queue_look(&driver.in), 0);
    fake_peer_tell(&driver, &disk_info, sizeof disk_info);
    wake(&driver);
    drive();
    assert_int_equal(number_got, 1);
    assert_int_equal(got[0].block, SITE + 3);
}

static void a_disk_that_changes_is_read_again(void **state)
{
    struct block_info other = disk_info;

    (void)state;
    image_partition(&image, 1, "site", 85, 99);
    other.max_count = 4;
    fake_peer_tell(&driver, &other, sizeof other);
    wake(&driver);
    assert_int_equal(info_of(&a).ready, 0);
    assert_int_equal(info_of(&a).error, QUOLL_OK);
    other.max_count = 5; /* and again while the first block is being read */
    fake_peer_tell(&driver, &other, sizeof other);
    wake(&driver);
    drive();
    assert_int_equal(info_of(&a).ready, 1);
    assert_int_equal(info_of(&a).blocks, 15);
    assert_int_equal(info_of(&a).max_count, 5);
}

static void a_table_that_arrives_when_the_disk_is_gone_is_ignored(void **state)
{
    struct block_info gone = {.error = QUOLL_EIO};
    struct block_request r;

    (void)state;
    init();
    fake_peer_up(&driver);
    fake_peer_tell(&driver, &disk_info, sizeof disk_info);
    wake(&driver);
    fake_take(block_requests, &driver, &r);
    fake_peer_tell(&driver, &gone, sizeof gone);
    wake(&driver);
    memcpy(own, image.bytes, 512);
    reply(r.id, QUOLL_OK);
    wake(&driver);
    assert_int_equal(virt.state, VIRT_DOWN);
    assert_int_equal(virt.ledger.used, 0);
    assert_int_equal(queue_look(&driver.in), 0);
}

static void a_disk_that_goes_while_its_table_is_read_and_comes_back(void **state)
{
    struct block_info gone = {.error = QUOLL_EIO};
    struct block_request r;

    (void)state;
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    fake_peer_tell(&driver, &disk_info, sizeof disk_info);
    wake(&driver);
    fake_take(block_requests, &driver, &r);
    fake_peer_tell(&driver, &gone, sizeof gone);
    wake(&driver);
    assert_int_equal(info_of(&a).error, QUOLL_EIO);
    fake_peer_tell(&driver, &disk_info, sizeof disk_info);
    wake(&driver);
    assert_int_equal(queue_look(&driver.in), 0); /* the old read is still out */
    reply(r.id, QUOLL_EDOWN);
    wake(&driver);
    drive();
    assert_int_equal(virt.state, VIRT_SERVING);
    assert_int_equal(info_of(&a).ready, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(clients_hear_of_their_partitions),
        IN_A_PD(a_disk_that_changes_is_read_again),
        cmocka_unit_test_setup_teardown(a_missing_partition_is_said_in_plain_words, set_up_down,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_partition_name_without_its_nul_matches_nothing,
                                        set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(two_partitions_of_one_name_are_refused, set_up_down,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_foreign_disk_is_refused, set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(the_backup_is_used_and_said, set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(a_driver_without_device_says_so_to_all, set_up_down,
                                        tear_down),
        cmocka_unit_test_setup_teardown(impossible_geometries_are_refused, set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(requests_wait_until_the_table_is_read, set_up_down,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_table_that_arrives_when_the_disk_is_gone_is_ignored,
                                        set_up_down, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_goes_while_its_table_is_read_and_comes_back,
                                        set_up_down, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
