/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counters as JSON: to the byte, and whatever the pages say.
 */
#include <stdlib.h>
#include <string.h>

#include "fake_pd.h"

#include "examples/webserver/counters_json.c"

static char out[COUNTERS_JSON_SIZE + 1];
static unsigned char pages[64][QUOLL_COUNTERS_SIZE] __attribute__((aligned(8)));

static struct quoll_counters *page(unsigned number)
{
    return (struct quoll_counters *)pages[number];
}

static size_t write_all(unsigned count, uint64_t now)
{
    out[COUNTERS_JSON_SIZE] = '#'; /* must stay */
    size_t length = counters_json(out, page(0), count, now);

    assert_int_equal(length, strlen(out));
    assert_int_equal(out[COUNTERS_JSON_SIZE], '#');
    return length;
}

#define HEAD                                                                                       \
    "\"counters\":[\"wakeups\",\"interrupts\",\"signals\",\"resets\",\"device_errors\","           \
    "\"timeouts\",\"spare_6\",\"spare_7\"],\n\"link_counters\":[\"taken\",\"put\",\"refused\","    \
    "\"dropped\",\"lives\",\"bytes\",\"broken\",\"woken\"],\n\"pds\":["

static void set(unsigned number, const char *name, uint16_t links)
{
    *page(number) =
        (struct quoll_counters){.magic = QUOLL_COUNTERS_MAGIC, .version = 1, .links = links};
    strncpy(page(number)->name, name, QUOLL_NAME_SIZE);
}

static void to_the_byte(void **state)
{
    memset(pages, 0, sizeof pages);
    set(0, "web", 2);
    page(0)->pd[COUNT_WAKEUPS] = 7;
    page(0)->pd[COUNT_INTERRUPTS] = 4;
    page(0)->link[2][COUNT_WOKEN] = 100; /* has no third link */
    page(0)->link[0][COUNT_TAKEN] = UINT64_MAX;
    page(0)->link[1][COUNT_WOKEN] = 9;
    set(2, "echo", 0);
    write_all(3, 123456789012); /* page 1 is not set up */
    assert_string_equal(
        out, "{\"now\":123456789012,\n" HEAD "\n{\"name\":\"web\",\"counters\":[20,4,0,0,0,0,0,0],"
             "\"links\":[[18446744073709551615,0,0,0,0,0,0,0],[0,0,0,0,0,0,0,9]]},"
             "\n{\"name\":\"echo\",\"counters\":[0,0,0,0,0,0,0,0],\"links\":[]}]}\n");
    write_all(0, 0);
    assert_string_equal(out, "{\"now\":0,\n" HEAD "]}\n");
    (void)state;
}

static void names_need_no_escapes(void **state)
{
    memset(pages, 0, sizeof pages);
    set(0, "a\"b\\c\n\x7f\xff</script>", 0);
    set(1, "0123456789012345678901234567890123456789", 0); /* no NUL */
    write_all(2, 0);
    assert_non_null(strstr(out, "{\"name\":\"a?b?c?\?\?</script>\""));
    assert_non_null(strstr(out, "{\"name\":\"01234567890123456789012345678901\""));
    (void)state;
}

static void impossible_pages_are_left_out(void **state)
{
    memset(pages, 0, sizeof pages);
    set(0, "many", QUOLL_MAX_LINKS + 1);
    set(1, "more", UINT16_MAX);
    set(2, "other", 0);
    page(2)->magic += 1;
    write_all(3, 0);
    assert_string_equal(out, "{\"now\":0,\n" HEAD "]}\n");
    (void)state;
}

/* As many as fit, each whole, and an end. */
static void what_finds_no_room_is_left_out(void **state)
{
    memset(pages, 0xff, sizeof pages);
    for (unsigned i = 0; i < 64; i++) {
        page(i)->magic = QUOLL_COUNTERS_MAGIC;
        page(i)->links = QUOLL_MAX_LINKS;
    }
    size_t length = write_all(64, UINT64_MAX);

    assert_true(length > COUNTERS_JSON_SIZE / 2);
    assert_string_equal(out + length - 5, "]}]}\n");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_the_byte),
        cmocka_unit_test(names_need_no_escapes),
        cmocka_unit_test(impossible_pages_are_left_out),
        cmocka_unit_test(what_finds_no_room_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
