/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial virtualiser's neighbours act while it goes to sleep: nothing is overslept. */
#include <string.h>

#include "meanwhile.h"

#include "endless.h"

#include "core/pd.c"
#include "serial/tx_virt.c"

static struct fake_peer driver, a, b;
static char shown[1024];
static bool told;

static void driver_reads(void)
{
    uint8_t byte;

    (void)queue_look(&driver.in);
    while (serial_bytes_take(&driver.in, &byte)) {
        shown[strlen(shown)] = (char)byte;
    }
    told = queue_release(&driver.in) || told;
}

static void begin(uint32_t wire)
{
    fake_reset();
    memset(&virt, 0, sizeof virt);
    memset(shown, 0, sizeof shown);
    fake_link(&driver, LINK_SERIAL_TX_DEVICE, "console", wire, 1, 1, 1);
    fake_link(&a, LINK_SERIAL_TX_CLIENT, "a", 1, 1, 64, 1);
    fake_link(&b, LINK_SERIAL_TX_CLIENT, "b", 1, 1, 64, 1);
    init();
    fake_peer_up(&driver);
    fake_peer_up(&a);
    fake_peer_up(&b);
    notified(driver.config->channel);
    told = false;
}

static void put(struct fake_peer *client, const char *text)
{
    (void)queue_look_for_room(&client->out);
    for (; *text != '\0'; text++) {
        assert_true(serial_bytes_put(&client->out, (const uint8_t *)text));
    }
    told = queue_publish(&client->out) || told;
}

static void finish(void)
{
    driver_reads();
    for (unsigned round = 0; round < 100 && told; round++) {
        told = false;
        notified(driver.config->channel);
        driver_reads();
    }
}

/* So that the queues' indices are not all 0, which a stale request for room passes. */
static void warm_up(void)
{
    put(&a, "before\n");
    put(&b, "before\n");
    notified(a.config->channel);
    finish();
}

static void a_speaks(void)
{
    put(&a, "second\n");
}

static void b_speaks(void)
{
    put(&b, "second\n");
}

/* Whoever it is, and whatever the virtualiser found of the other. */
static void no_line_is_overslept(void **state)
{
    static void (*const speaks[])(void) = {a_speaks, b_speaks};

    (void)state;
    for (unsigned who = 0; who < 2; who++) {
        bool more = true;

        for (unsigned n = 1; more; n++) {
            begin(256);
            warm_up();
            put(&a, "first\n");
            told = false;
            meanwhile(n, speaks[who]);
            notified(a.config->channel);
            more = meanwhile_done();
            finish();
            assert_non_null(strstr(shown, "first"));
            assert_true((strstr(shown, "second") != NULL) == more);
            fake_finish();
        }
    }
}

/* The driver's queue is shorter than the line; it is read while there is no room. */
static void no_room_is_overslept(void **state)
{
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        begin(16);
        warm_up();
        put(&a, "longer than sixteen bytes\n");
        told = false;
        meanwhile(n, driver_reads);
        notified(a.config->channel);
        more = meanwhile_done();
        finish();
        assert_non_null(strstr(shown, "longer than sixteen bytes"));
        fake_finish();
    }
}

static bool b_is_shown(void)
{
    driver_reads();
    return strstr(shown, "b: first") != NULL;
}

static void a_speaks_once_more(const volatile void *at)
{
    const uint8_t byte = '\n';

    if (at != &a.half->produce.tail) {
        return;
    }
    memset(shown, 0, sizeof shown);
    if (b_is_shown()) {
        enough();
        return;
    }
    ONE_MORE(serial_bytes, &a, &byte);
    if (endless_turns == 3) {
        fake_peer_new_life(&b);
        put(&b, "first\n");
    }
}

/* The other begins a life and speaks while the virtualiser is awake for somebody else. */
static void a_client_that_always_speaks_keeps_nobody_waiting(void **state)
{
    (void)state;
    begin(256);
    put(&a, "first\n");
    endless(a_speaks_once_more);
    notified(a.config->channel);
    assert_true(b_is_shown());
    assert_true(endless_turns < 20U);
    fake_finish();
}

static void the_driver_wavers(const volatile void *at)
{
    waver_with_room(&driver, at);
}

static void room_that_is_shown_and_taken_back_keeps_nobody(void **state)
{
    (void)state;
    begin(4);
    put(&a, "first\n");
    begin_to_waver(&driver);
    endless(the_driver_wavers);
    notified(a.config->channel);
    assert_true(endless_turns < 40U);
    enough();
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_line_is_overslept),
        cmocka_unit_test(no_room_is_overslept),
        cmocka_unit_test(a_client_that_always_speaks_keeps_nobody_waiting),
        cmocka_unit_test(room_that_is_shown_and_taken_back_keeps_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
