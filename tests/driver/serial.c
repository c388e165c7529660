/* SPDX-License-Identifier: BSD-2-Clause */
/* What every serial driver does, whatever the device: <quoll/serial.h>, serial_driver.h. */
#include <string.h>

#include "driver.h"

#include <quoll/serial.h>

#define CAPACITY 1024U
#define TEXT_MAX 4096U

static struct fake_peer virt;
static char shown[TEXT_MAX];

static void power_on(const char *options)
{
    driver_power_on(&(struct machine_plugs){.wire = -1, .options = options});
    fake_link(&virt, LINK_SERIAL_TX_DEVICE, "tx", 1, 1, CAPACITY, 1);
}

static void begin(const char *options)
{
    power_on(options);
    driver_start();
    fake_peer_up(&virt);
    driver_wake(&virt);
}

/* What the device has sent so far. */
static const char *sent(void)
{
    shown[machine->output(shown, sizeof shown - 1U)] = '\0';
    return shown;
}

/* Put text on the queue; the driver is woken if it asked for it. */
static void say(const char *text)
{
    bool wake;

    for (; *text != '\0'; text++) {
        assert_true(queue_look_for_room(&virt.out) > 0);
        assert_true(serial_bytes_put(&virt.out, (const uint8_t *)text));
    }
    wake = queue_publish(&virt.out);
    if (wake) {
        driver_wake(&virt);
    }
}

static void fill(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        text[i] = (char)('!' + i % 90U);
    }
    text[size] = '\0';
}

static void bytes_go_out_in_order(void **state)
{
    (void)state;
    begin("");
    say("one, ");
    EVENTUALLY(strcmp(sent(), "one, ") == 0);
    say("two, ");
    say("three");
    EVENTUALLY(strcmp(sent(), "one, two, three") == 0);
    assert_int_equal(fake_link_count(&virt, COUNT_BYTES), 15);
}

static void more_than_any_fifo_goes_out_whole(void **state)
{
    char text[CAPACITY + 1];

    (void)state;
    fill(text, CAPACITY);
    begin("");
    say(text);
    EVENTUALLY(strcmp(sent(), text) == 0);
    assert_int_equal(queue_look_for_room(&virt.out), CAPACITY);
}

static void when_all_is_sent_there_are_no_more_interrupts(void **state)
{
    char text[301];
    unsigned before;

    (void)state;
    fill(text, 300);
    begin("");
    say(text);
    EVENTUALLY(strcmp(sent(), text) == 0);
    driver_run(1000000);
    before = driver_interrupts;
    for (unsigned i = 0; i < 20; i++) {
        driver_run(1000000);
    }
    assert_int_equal(driver_interrupts, before);
}

static void interrupts_for_nothing_change_nothing(void **state)
{
    char text[301];

    (void)state;
    fill(text, 300);
    begin("");
    driver_interrupt();
    say(text);
    for (unsigned i = 0; i < 20; i++) {
        driver_interrupt();
    }
    EVENTUALLY(strcmp(sent(), text) == 0);
    driver_interrupt();
    driver_run(1000000);
    assert_string_equal(sent(), text);
}

static void room_is_told_when_asked_for(void **state)
{
    char text[CAPACITY + 1];

    (void)state;
    fill(text, CAPACITY);
    begin("");
    say(text);
    (void)fake_signals(virt.config->channel);
    if (queue_wait_for_room(&virt.out)) {
        EVENTUALLY(fake_signals(virt.config->channel) == 1);
    }
    assert_true(queue_look_for_room(&virt.out) > 0);
    EVENTUALLY(strcmp(sent(), text) == 0);
}

static void a_new_life_goes_on_sending(void **state)
{
    char text[201];

    (void)state;
    fill(text, 200);
    begin("");
    say(text); /* the FIFO is full, the rest waits */
    driver_start();
    fake_peer_up(&virt);
    driver_wake(&virt);
    say("after");
    EVENTUALLY(strlen(sent()) >= 5 && strcmp(sent() + strlen(sent()) - 5, "after") == 0);
    /* What was shown before is the beginning of what was said. */
    assert_memory_equal(sent(), text, strlen(sent()) - 5);
}

static void a_virtualiser_that_begins_anew_is_served(void **state)
{
    (void)state;
    begin("");
    say("old");
    EVENTUALLY(strcmp(sent(), "old") == 0);
    fake_peer_new_life(&virt);
    driver_wake(&virt);
    say("new");
    EVENTUALLY(strcmp(sent(), "oldnew") == 0);
    assert_int_equal(fake_link_count(&virt, COUNT_LIVES), 2);
}

static void an_impossible_index_silences_only_this_life(void **state)
{
    (void)state;
    begin("");
    say("good");
    EVENTUALLY(strcmp(sent(), "good") == 0);
    virt.half->produce.tail += CAPACITY + 1U;
    driver_wake(&virt);
    driver_wake(&virt);
    assert_int_equal(fake_link_count(&virt, COUNT_BROKEN), 1);
    driver_run(5000000);
    assert_string_equal(sent(), "good");
    fake_peer_new_life(&virt);
    driver_wake(&virt);
    say("again");
    EVENTUALLY(strcmp(sent(), "goodagain") == 0);
}

/* Wherever it dies, the next life sends, and nothing is shown that was not said. */
static void it_may_die_at_any_access(void **state)
{
    char text[41];

    (void)state;
    fill(text, 40);
    for (unsigned access = 1;; access++) {
        power_on("");
        driver_dies_at(access);
        driver_start();
        fake_peer_up(&virt);
        driver_wake(&virt);
        say(text);
        for (unsigned i = 0; i < 50 && !driver_dead(); i++) {
            driver_run(1000000);
        }
        if (!driver_dead()) {
            break; /* it had no more accesses to make */
        }
        driver_dies_at(0);
        driver_start();
        fake_peer_new_life(&virt);
        driver_wake(&virt);
        say("after");
        EVENTUALLY(strlen(sent()) >= 5 && strcmp(sent() + strlen(sent()) - 5, "after") == 0);
        assert_true(strlen(sent()) - 5 <= strlen(text));
        assert_memory_equal(sent(), text, strlen(sent()) - 5);
        if (machine == &machine_qemu) {
            access += 6; /* each is a start of QEMU */
        }
    }
}

static const struct CMUnitTest tests[] = {
    DRIVER_TEST(bytes_go_out_in_order),
    DRIVER_TEST(more_than_any_fifo_goes_out_whole),
    DRIVER_TEST(when_all_is_sent_there_are_no_more_interrupts),
    DRIVER_TEST(interrupts_for_nothing_change_nothing),
    DRIVER_TEST(room_is_told_when_asked_for),
    DRIVER_TEST(a_new_life_goes_on_sending),
    DRIVER_TEST(a_virtualiser_that_begins_anew_is_served),
    DRIVER_TEST(an_impossible_index_silences_only_this_life),
    DRIVER_TEST(it_may_die_at_any_access),
};

/* ---- With a simulated device that is not as it should be ---- */

static void an_enabled_device_is_taken_over(void **state)
{
    (void)state;
    begin("firmware=yes");
    say("hello");
    EVENTUALLY(strcmp(sent(), "hello") == 0);
}

/* Late, spurious, slow: whatever does not lose an interrupt for good loses no byte. */
static void odd_devices_lose_nothing(void **state)
{
    char text[CAPACITY + 1];

    (void)state;
    fill(text, CAPACITY);
    for (uint64_t seed = 1; seed <= 50; seed++) {
        power_on("faults=spurious+slow");
        machine_misbehave(seed);
        driver_start();
        fake_peer_up(&virt);
        driver_wake(&virt);
        say(text);
        EVENTUALLY(strcmp(sent(), text) == 0);
    }
}

/* A lost interrupt costs time until the next wake-up, never a byte. */
static void after_a_lost_interrupt_the_next_wake_up_repairs(void **state)
{
    char text[CAPACITY + 1];

    (void)state;
    fill(text, CAPACITY);
    for (uint64_t seed = 1; seed <= 50; seed++) {
        power_on("faults=lost");
        machine_misbehave(seed);
        driver_start();
        fake_peer_up(&virt);
        driver_wake(&virt);
        say(text);
        for (unsigned i = 0; i < 2000 && strcmp(sent(), text) != 0; i++) {
            driver_run(1000000);
            driver_wake(&virt);
        }
        assert_string_equal(sent(), text);
    }
}

static void a_dead_device_costs_bounded_time(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        power_on("faults=stuck");
        machine_misbehave(seed);
        driver_start();
        fake_peer_up(&virt);
        driver_wake(&virt);
        say("this is more than fits into the FIFO of sixteen bytes, and it will be stuck");
        driver_run(100000000);

        uint64_t start = machine->now();
        driver_start();
        assert_true(machine->now() - start < 500000000);
    }
}

static const struct CMUnitTest simulated[] = {
    DRIVER_TEST(an_enabled_device_is_taken_over),
    DRIVER_TEST(odd_devices_lose_nothing),
    DRIVER_TEST(after_a_lost_interrupt_the_next_wake_up_repairs),
    DRIVER_TEST(a_dead_device_costs_bounded_time),
};

const struct driver_tests driver_tests = {"serial", tests, sizeof tests / sizeof tests[0],
                                          simulated, sizeof simulated / sizeof simulated[0]};
