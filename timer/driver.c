/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every timer driver does, written once: keep one deadline for the
 * virtualiser, with a device that offers the few operations of struct timer_device.
 *
 * The latest request is the one that counts; of a batch the others are never seen
 * by the device. An expiry that finds no room is kept until there is: there is only
 * one, since the deadline is used up by it.
 */
#include <quoll/link.h>
#include <quoll/log.h>
#include <quoll/time.h>
#include <quoll/timer.h>
#include <quoll/timer_driver.h>

static const struct timer_device *device;
static struct {
    struct link link;
    uint64_t when;
    bool waiting; /* for `when` */
    bool due;     /* an expiry waits for room */
} driver;

/* What the request asks for, if it is one that this link can carry. */
static bool accept(const struct timer_request *request)
{
    if (request->id != 0 || request->period != 0) {
        return false;
    }
    switch (request->operation) {
    case TIMER_AT:
        driver.when = request->when;
        driver.waiting = true;
        break;
    case TIMER_CANCEL:
        driver.waiting = false;
        break;
    default:
        return false;
    }
    driver.due = false;
    return true;
}

/* Take all requests; whether any changed the deadline. */
static bool take_requests(void)
{
    struct timer_request request;
    bool changed = false;

    (void)queue_look(&driver.link.in);
    do {
        while (timer_requests_take(&driver.link.in, &request)) {
            if (accept(&request)) {
                changed = true;
            } else {
                link_count(&driver.link, COUNT_REFUSED, 1);
            }
        }
    } while (!link_sleep(&driver.link));
    return changed;
}

static void report(void)
{
    const struct timer_expiry expiry = {.id = 0, .status = QUOLL_OK, .count = 1};
    struct queue_producer *out = &driver.link.out;

    if (queue_look_for_room(out) > 0 || !queue_wait_for_room(out)) {
        driver.due = !timer_expiries_put(out, &expiry);
        link_publish(&driver.link);
    }
}

/* Bring the device into line with what is asked; it is touched only for a reason. */
static void follow(bool changed, bool interrupt)
{
    if (driver.waiting && quoll_now() >= driver.when) {
        driver.waiting = false;
        driver.due = true;
        changed = true;
    }
    if (changed || interrupt) {
        if (driver.waiting) {
            device->set(driver.when);
        } else {
            device->clear();
        }
    }
    if (driver.due) {
        report();
    }
}

void timer_driver_start(const struct timer_device *operations)
{
    enum quoll_error error = operations->start();

    device = operations;
    count(COUNT_RESETS, 1);
    microkit_irq_ack(quoll_config.device.interrupt[0]); /* an earlier life may owe it */
    if (error != QUOLL_OK) {
        count(COUNT_DEVICE_ERRORS, 1);
        quoll_log("cannot start: %s", quoll_error_name(error));
        return;
    }
    link_open(&driver.link, quoll_find_link(LINK_TIMER_DEVICE, NULL, 0),
              sizeof(struct timer_expiry));
}

void timer_driver_wake(microkit_channel channel)
{
    bool interrupt = channel == quoll_config.device.interrupt[0];
    enum link_state state = link_check(&driver.link);
    bool changed = state != LINK_UP;

    if (changed) { /* whoever asked is gone */
        driver.waiting = false;
        driver.due = false;
    }
    if (state != LINK_DOWN) {
        link_count(&driver.link, COUNT_WOKEN, !interrupt);
        changed = take_requests() || changed;
    }
    follow(changed, interrupt);
    if (interrupt) {
        count(COUNT_INTERRUPTS, 1);
        microkit_irq_ack(channel);
    }
}
