/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of lwIP's glue that need no lwIP: the checksum against RFC 1071's own
 * definition, and addresses as people write them.
 */
#include <stdlib.h>
#include <string.h>

#include "fake_pd.h"

#include "net/lwip/checksum.c"
#include "net/lwip/settings.c"

/* RFC 1071, section 4.1: word by word. */
static uint16_t reference(const unsigned char *data, size_t size)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < size; i++) {
        sum += (uint32_t)data[i] << (i % 2 == 0 ? 0 : 8);
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void of_all_sizes_at_all_alignments(void **state)
{
    enum { MOST = 1600 };

    srand(1);
    for (size_t size = 0; size <= MOST; size++) {
        /* Allocated to the byte: ASan sees a read past the end. */
        unsigned char *data = malloc(size + 8);
        size_t shift = 8 - size % 8;

        for (size_t i = 0; i < size + 8; i++) {
            data[i] = (unsigned char)rand();
        }
        assert_int_equal(quoll_checksum(data + 8, (int)size), reference(data + 8, size));
        assert_int_equal(quoll_checksum(data + shift, (int)size), reference(data + shift, size));
        free(data);
    }
    (void)state;
}

static void of_bytes_that_carry_most(void **state)
{
    static unsigned char ones[65535];

    memset(ones, 0xff, sizeof ones);
    for (size_t size = 0; size <= sizeof ones; size += size < 100 ? 1 : 997) {
        assert_int_equal(quoll_checksum(ones, (int)size), reference(ones, size));
    }
    assert_int_equal(quoll_checksum(ones, 65535), reference(ones, 65535));
    assert_int_equal(quoll_checksum(ones, 0), 0);
    assert_int_equal(quoll_checksum(ones, -1), 0);
    (void)state;
}

/* Each byte arrives, none beside. */
static void while_copying_too(void **state)
{
    enum { MOST = 1600 };

    for (size_t size = 0; size <= MOST; size++) {
        unsigned char *from = malloc(size), *to = malloc(size);

        for (size_t i = 0; i < size; i++) {
            from[i] = (unsigned char)rand();
        }
        assert_int_equal(quoll_sum_fold(quoll_copy_sum(to, from, size)), reference(from, size));
        assert_memory_equal(to, from, size);
        free(from);
        free(to);
    }
    (void)state;
}

static void a_known_header(void **state)
{
    /* RFC 1071, section 3. */
    static const unsigned char words[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

    assert_int_equal(quoll_checksum(words, sizeof words), 0xf2dd); /* 0xddf2 with bytes swapped */
    (void)state;
}

/* Of whatever carries: as RFC 1071 folds it, and it is right if its complement is part of it. */
static void of_what_is_folded(void **state)
{
    for (unsigned n = 0; n < 100000; n++) {
        uint64_t sum = (uint64_t)rand() << 62 ^ (uint64_t)rand() << 31 ^ (uint64_t)rand();

        sum = n < 64 ? ~UINT64_C(0) << n : n < 128 ? ~UINT64_C(0) >> (n - 64) : sum;
        uint16_t folded = reference((const unsigned char *)&sum, sizeof sum);

        assert_int_equal(quoll_sum_fold(sum), folded);
        assert_int_equal(quoll_sum_is_right(sum), folded == 0xffff);
        assert_true(quoll_sum_is_right(quoll_sum_add(sum, (uint16_t)~folded)));
        assert_int_equal(quoll_sum_fold(quoll_sum_add(sum, UINT64_MAX)), folded);
    }
    (void)state;
}

static void good_addresses(void **state)
{
    uint32_t address;
    unsigned prefix;

    assert_true(lwip_parse_address("10.0.2.16/24", &address, &prefix));
    assert_int_equal(address, 0x0a000210);
    assert_int_equal(prefix, 24);
    assert_true(lwip_parse_address("255.255.255.255/0", &address, &prefix));
    assert_int_equal(address, 0xffffffff);
    assert_int_equal(prefix, 0);
    assert_true(lwip_parse_address("0.0.0.0/32", &address, &prefix));
    assert_int_equal(prefix, 32);
    assert_true(lwip_parse_address("192.168.1.1", &address, NULL));
    assert_int_equal(address, 0xc0a80101);
    (void)state;
}

static void bad_addresses(void **state)
{
    static const char *const texts[] = {
        "",
        "10",
        "10.0.2",
        "10.0.2.",
        "10.0.2.256/24",
        "10.0.2.16/33",
        "10.0.2.16",
        "10.0.2.16/",
        "10.0.2.16/a",
        "10.0.2.16/24 ",
        " 10.0.2.16/24",
        "10.0.2.16/024",
        "010.0.2.16/24",
        "10..2.16/24",
        "10.0.2.16.1/24",
        "-1.0.2.16/24",
        "0x10.0.2.16/24",
        "1000.0.2.16/24",
        "10.0.2.16/99999999999",
        "10,0,2,16/24",
        "10.0.2.16//24",
    };
    uint32_t address;
    unsigned prefix;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(lwip_parse_address(texts[i], &address, &prefix));
    }
    assert_false(lwip_parse_address("10.0.2.2/24", &address, NULL));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_all_sizes_at_all_alignments),
        cmocka_unit_test(of_bytes_that_carry_most),
        cmocka_unit_test(while_copying_too),
        cmocka_unit_test(a_known_header),
        cmocka_unit_test(of_what_is_folded),
        cmocka_unit_test(good_addresses),
        cmocka_unit_test(bad_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
