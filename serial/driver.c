/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every serial driver does, written once: move bytes from the transmit
 * virtualiser's queue to a device that offers the few operations of struct
 * serial_device.
 *
 * The work per wake-up is bounded by room downstream, the device's FIFO towards the
 * wire. When that is used up, the device wakes us; when there is nothing to move,
 * the virtualiser does. Bytes leave the queue only into the device, so that those
 * that wait are the virtualiser's to see.
 */
#include <quoll/link.h>
#include <quoll/log.h>
#include <quoll/serial.h>
#include <quoll/serial_driver.h>

static const struct serial_device *device;
static struct link tx;

/* Whether the device had room for all of the batch that queue_look() found. */
static bool send_batch(void)
{
    uint8_t byte;

    while (serial_bytes_peek(&tx.in, &byte)) {
        if (!device->put(byte)) {
            return false;
        }
        serial_bytes_drop(&tx.in);
        link_count(&tx, COUNT_BYTES, 1);
    }
    return true;
}

static void transmit(void)
{
    (void)queue_look(&tx.in);
    do {
        if (!send_batch()) {
            link_release(&tx);
            device->notify_room(true);
            return;
        }
    } while (!link_sleep(&tx));
    device->notify_room(false);
}

void serial_driver_start(const struct serial_device *operations)
{
    enum quoll_error error = operations->start();

    device = operations;
    count(COUNT_RESETS, 1);
    microkit_irq_ack(quoll_config.device.interrupt[0]); /* an earlier life may owe it */
    if (error != QUOLL_OK) {
        count(COUNT_DEVICE_ERRORS, 1);
        quoll_log("cannot start: %s", quoll_error_name(error));
        return; /* the link stays closed: output waits with the clients */
    }
    link_open(&tx, quoll_find_link(LINK_SERIAL_TX_DEVICE, NULL, 0), sizeof(uint8_t));
}

void serial_driver_wake(microkit_channel channel)
{
    bool interrupt = channel == quoll_config.device.interrupt[0];

    if (link_check(&tx) != LINK_DOWN) {
        link_count(&tx, COUNT_WOKEN, !interrupt);
        transmit();
    } else {
        device->notify_room(false); /* nobody would clear what it asks for */
    }
    if (interrupt) {
        count(COUNT_INTERRUPTS, 1);
        microkit_irq_ack(channel);
    }
}
