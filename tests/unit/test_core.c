/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "fake_pd.h"

#include <quoll/error.h>
#include <quoll/log.h>
#include <quoll/mmio.h>
#include <quoll/pd.h>
#include <quoll/time.h>

/* The freestanding memory functions, beside the C library's. */
#define memcpy  our_memcpy
#define memmove our_memmove
#define memset  our_memset
#define memcmp  our_memcmp
#include "core/memory.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

static unsigned starts;
static microkit_channel woken = 99;

void pd_start(void)
{
    starts++;
}

void pd_wake(microkit_channel channel)
{
    woken = channel;
}

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    quoll_log_to(NULL);
    fake_finish();
    return 0;
}

static void start_up_fills_the_counters_page(void **state)
{
    (void)state;
    fake_config.links = 3;
    starts = 0;
    init();
    assert_int_equal(starts, 1);
    assert_int_equal(counters()->magic, QUOLL_COUNTERS_MAGIC);
    assert_int_equal(counters()->links, 3);
    assert_string_equal(counters()->name, "test");
    notified(5);
    assert_int_equal(woken, 5);
    count(COUNT_TIMEOUTS, 1);
    init(); /* a restart */
    assert_int_equal(fake_pd_count(COUNT_TIMEOUTS), 0);
}

static void settings_are_found_by_their_whole_name(void **state)
{
    (void)state;
    memcpy(fake_config.settings, "ip=10.0.2.16/24\0gateway=\0ipv=6\0", 32);
    assert_string_equal(quoll_setting("ip"), "10.0.2.16/24");
    assert_string_equal(quoll_setting("gateway"), "");
    assert_string_equal(quoll_setting("ipv"), "6");
    assert_null(quoll_setting("i"));
    assert_null(quoll_setting("ip="));
    assert_null(quoll_setting("mac"));
}

static void links_are_found_by_kind_name_and_number(void **state)
{
    struct fake_peer p[4];

    (void)state;
    fake_link(&p[0], LINK_NET_RX_DEVICE, "nic", 1, 8, 1, 8);
    fake_link(&p[1], LINK_NET_RX_COPIER, "web", 1, 8, 1, 8);
    fake_link(&p[2], LINK_NET_RX_COPIER, "echo", 1, 8, 1, 8);
    fake_link(&p[3], LINK_NET_RX_COPIER, "web", 1, 8, 1, 8);
    assert_ptr_equal(quoll_find_link(LINK_NET_RX_COPIER, NULL, 1), p[2].config);
    assert_ptr_equal(quoll_find_link(LINK_NET_RX_COPIER, "web", 0), p[1].config);
    assert_ptr_equal(quoll_find_link(LINK_NET_RX_COPIER, "web", 1), p[3].config);
    assert_null(quoll_find_link(LINK_NET_RX_COPIER, "web", 2));
    assert_null(quoll_find_link(LINK_NET_TX_CLIENT, NULL, 0));
}

#define FORMATS(expected, ...)                                                                     \
    do {                                                                                           \
        char got_[64];                                                                             \
        size_t length_ = quoll_format(got_, sizeof got_, __VA_ARGS__);                             \
        assert_string_equal(got_, expected);                                                       \
        assert_int_equal(length_, strlen(expected));                                               \
    } while (0)

static void formatting_follows_printf(void **state)
{
    const char *volatile none = NULL;

    (void)state;
    FORMATS("plain %", "plain %%");
    FORMATS("a b", "%s %c", "a", 'b');
    FORMATS("(null)", "%s", none);
    FORMATS("    ab|", "%6s|", "ab");
    FORMATS("0 -1 2147483647 -2147483648", "%d %d %i %d", 0, -1, INT32_MAX, INT32_MIN);
    FORMATS("-9223372036854775808", "%ld", INT64_MIN);
    FORMATS("4294967295 18446744073709551615", "%u %lu", UINT32_MAX, UINT64_MAX);
    FORMATS("ff 00ff   ff", "%x %04x %4x", 0xff, 0xff, 0xff);
    FORMATS("-007 |  -7", "%04d |%4d", -7, -7);
    FORMATS("12 deadbeefcafe", "%zu %llx", (size_t)12, 0xdeadbeefcafeULL);
    FORMATS("1000", "%p", (void *)0x1000);
}

static void formatting_never_writes_past_the_end(void **state)
{
    (void)state;
    for (size_t size = 1; size < 20; size++) {
        char *buffer = malloc(size);
        size_t length = quoll_format(buffer, size, "%s-%08x", "abcdef", 0x12345678);

        assert_int_equal(length, size - 1 < 15 ? size - 1 : 15);
        assert_int_equal(memcmp(buffer, "abcdef-12345678", length), 0);
        assert_int_equal(buffer[length], '\0');
        free(buffer);
    }
}

static char sunk[LOG_LINE_SIZE * 2];

static void sink(const char *text, size_t length)
{
    memcpy(sunk, text, length);
    sunk[length] = '\0';
}

static void log_lines_carry_the_name_and_are_cut_at_their_limit(void **state)
{
    char expected[LOG_LINE_SIZE], text[300];

    (void)state;
    quoll_log("answer %d", 42);
    assert_string_equal(fake_output(), "test: answer 42\n");

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    quoll_log("%s", text);
    memset(expected, 'x', sizeof expected);
    memcpy(expected, "test: ", 6);
    memcpy(expected + sizeof expected - 2, "\n", 2);
    assert_string_equal(fake_output(), expected);

    quoll_log_to(sink);
    quoll_log("to the console");
    assert_string_equal(sunk, "to the console\n");
    assert_string_equal(fake_output(), "");
}

static void errors_have_names(void **state)
{
    (void)state;
    assert_string_equal(quoll_error_name(QUOLL_OK), "ok");
    assert_string_equal(quoll_error_name(QUOLL_ETIMEDOUT), "timed out");
    assert_string_equal(quoll_error_name(QUOLL_EDOWN), "down");
    assert_string_equal(quoll_error_name(QUOLL_EDOWN - 1), "unknown error");
    assert_string_equal(quoll_error_name(1), "unknown error");
}

static void time_converts_both_ways_without_overflow(void **state)
{
    (void)state;
    assert_int_equal(quoll_now(), QUOLL_S(1));
    assert_int_equal(quoll_ns_to_ticks(QUOLL_S(500ULL * 365 * 86400)),
                     QUOLL_S(500ULL * 365 * 86400));
    assert_int_equal(quoll_ticks_to_ns(123456789012345), 123456789012345);
}

static void waiting_for_a_register_is_bounded(void **state)
{
    uint32_t reg = 5;

    (void)state;
    fake_step = 1000;
    assert_true(mmio_wait32(&reg, 4, 4, QUOLL_MS(1)));
    uint64_t before = fake_time;
    assert_false(mmio_wait32(&reg, 2, 2, QUOLL_MS(1)));
    assert_in_range(fake_time - before, QUOLL_MS(1), QUOLL_MS(1) + 10000);
    mmio_change32(&reg, 3, 2);
    assert_int_equal(reg, 6);
}

/* Against the C library's, at all alignments, with guards on both sides. */
static void memory_functions_agree_with_the_c_library(void **state)
{
    unsigned char a[512], b[512], expected[512];

    (void)state;
    srand(7);
    for (unsigned run = 0; run < 50000; run++) {
        size_t size = (size_t)rand() % 200, to = (size_t)rand() % 200, from = (size_t)rand() % 200;

        for (size_t i = 0; i < sizeof a; i++) {
            a[i] = (unsigned char)rand();
        }
        memcpy(expected, a, sizeof a);
        memmove(expected + to, expected + from, size);
        memcpy(b, a, sizeof a);
        assert_ptr_equal(our_memmove(b + to, b + from, size), b + to);
        assert_memory_equal(b, expected, sizeof b);

        memcpy(b, a, sizeof a);
        memset(expected, 0, sizeof expected);
        memcpy(expected + to, a + from, size);
        memset(b, 0, sizeof b);
        assert_ptr_equal(our_memcpy(b + to, a + from, size), b + to);
        assert_memory_equal(b, expected, sizeof b);

        our_memset(b + to, (int)run, size);
        memset(expected + to, (int)run, size);
        assert_memory_equal(b, expected, sizeof b);

        a[from] = (unsigned char)(run % 3);
        b[to] = (unsigned char)(run / 3 % 3);
        int ours = our_memcmp(a + from, b + to, size), theirs = memcmp(a + from, b + to, size);
        assert_int_equal((ours > 0) - (ours < 0), (theirs > 0) - (theirs < 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(start_up_fills_the_counters_page),
        IN_A_PD(settings_are_found_by_their_whole_name),
        IN_A_PD(links_are_found_by_kind_name_and_number),
        IN_A_PD(formatting_follows_printf),
        IN_A_PD(formatting_never_writes_past_the_end),
        IN_A_PD(log_lines_carry_the_name_and_are_cut_at_their_limit),
        IN_A_PD(errors_have_names),
        IN_A_PD(time_converts_both_ways_without_overflow),
        IN_A_PD(waiting_for_a_register_is_bounded),
        IN_A_PD(memory_functions_agree_with_the_c_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
