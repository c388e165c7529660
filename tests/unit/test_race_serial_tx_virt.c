/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial virtualiser with a driver and clients that rewrite everything while it reads. */
#include "racing.h"

#include "core/pd.c"
#include "serial/tx_virt.c"

#define WIRE 64U

static struct fake_peer driver, clients[2];
static struct racer all[3];

/* What clients may not say is as frequent as what they may. */
static void make_byte(void *entry)
{
    *(uint8_t *)entry = (uint8_t)racing_draw(256);
}

/* Nothing is shown but what may be, and what we add ourselves. */
static void check(void)
{
    const uint8_t *shown = driver.pd->produce.entries;

    for (unsigned i = 0; i < WIRE; i++) {
        assert_true((shown[i] >= ' ' && shown[i] <= '~') || shown[i] == '\t' || shown[i] == '\r' ||
                    shown[i] == '\n' || shown[i] == '\x1b' || shown[i] == 0);
    }
    assert_true(virt.owner == NOBODY || virt.owner < 2U);
    assert_true(virt.shown <= virt.staged && virt.staged <= STAGE_MAX);
    assert_true(virt.length <= SERIAL_LINE_MAX);
    assert_true(virt.device.out.room <= WIRE);
}

static void racing_peers(void **state)
{
    (void)state;
    fake_reset();
    fake_link(&driver, LINK_SERIAL_TX_DEVICE, "driver", WIRE, 1, 1, 1);
    all[0] = (struct racer){.peer = &driver, .make = make_byte, .entry = 1};
    for (unsigned i = 0; i < 2; i++) {
        fake_link(&clients[i], LINK_SERIAL_TX_CLIENT, "client", 1, 1, 32, 1);
        clients[i].config->settings.serial.colour = (uint8_t)i;
        all[i + 1] = (struct racer){.peer = &clients[i], .make = make_byte, .entry = 1};
    }
    init();
    race(all, 3, check);
    assert_true(fake_link_count(&clients[0], COUNT_REFUSED) > 0);
    fake_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(racing_peers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
