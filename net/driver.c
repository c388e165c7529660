/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every network driver does, written once: move buffers and frames between the
 * links to the two virtualisers and a device that offers the operations of struct
 * net_device.
 *
 * The device runs while both links are up. A new life of a virtualiser stops it,
 * before the virtualiser may learn that we have seen it (link_check), since it will
 * then use again what the device has; what the device had from the other virtualiser
 * goes back there, and the device starts anew.
 *
 * Work per wake-up is bounded by room downstream: the virtualisers' queues, the free
 * buffers, the device's rings. Interrupts for sent frames are asked for only if
 * somebody waits for them: the transmit virtualiser goes to sleep on its queue before
 * it publishes the frames that make it wait, so we see it in time.
 */
#include <quoll/link.h>
#include <quoll/log.h>
#include <quoll/net_driver.h>

#define BATCH NET_DRIVER_BATCH
#define FEW   32U /* with less Rx buffers in the device, we want to know of free ones */

static enum { LOST, STOPPED, RUNNING } state;
static struct net_info info;
static struct link rx, tx;
static unsigned rx_held;   /* buffers in the device */
static bool tx_interrupts; /* we have asked for interrupts about sent frames */

static void tell(void)
{
    info.ready = state == RUNNING;
    link_tell(&rx, &info, sizeof info);
    link_tell(&tx, &info, sizeof info);
}

/* ---- Receiving ---- */

/* Received frames go to the virtualiser; false if there is no room for more. */
static bool deliver(void)
{
    uint32_t most = 0, n = 0;

    (void)queue_look_for_room(&rx.out);
    while (n == most && rx.out.room > 0) {
        most = BATCH;
        struct net_rx_done *done = net_rx_dones_slots(&rx.out, &most);

        n = net_device.rx_take(done, most);
        queue_filled(&rx.out, n);
        rx_held -= n;
    }
    link_publish(&rx);
    return rx.out.room > 0;
}

/* Free buffers go to the device; false if it has few and more came meanwhile. */
static bool refill(void)
{
    if (queue_look(&rx.in) > 0) {
        rx_held += net_device.rx_give(&rx.in, net_device.rx_room());
        link_release(&rx);
    }
    return rx_held >= FEW || net_device.rx_room() == 0 || queue_sleep(&rx.in);
}

static void receive(void)
{
    bool room;

    do {
        room = deliver();
        while (!refill()) {}
    } while (room ? !net_device.rx_sleep() : !queue_wait_for_room(&rx.out));
}

/* ---- Sending ---- */

/* Sent frames go back to the virtualiser; false if there is no room for more. */
static bool answer(void)
{
    uint32_t most = 0, n = 0;

    (void)queue_look_for_room(&tx.out);
    while (n == most && tx.out.room > 0) {
        most = BATCH;
        struct net_tx_done *done = net_tx_dones_slots(&tx.out, &most);

        n = net_device.tx_take(done, most);
        queue_filled(&tx.out, n);
    }
    link_publish(&tx);
    return tx.out.room > 0;
}

/* Frames go to the device; false if it has no room for more. */
static bool send(void)
{
    if (queue_look(&tx.in) > 0) {
        net_device.tx_give(&tx.in, net_device.tx_room());
    }
    if (tx.in.ready > 0) {
        link_release(&tx);
        return false;
    }
    return true;
}

static void transmit(void)
{
    bool room_above, room_below;

    do {
        room_above = answer();
        room_below = send();
        tx_interrupts = !room_below || queue_awaited(&tx.out);
        if (!room_above && queue_wait_for_room(&tx.out)) {
            tx_interrupts = false; /* the virtualiser comes first */
        }
    } while (!net_device.tx_sleep(tx_interrupts) || (room_below && !link_sleep(&tx)));
}

/* ---- Lives ---- */

static void stop(void)
{
    if (state != RUNNING) {
        return;
    }
    state = STOPPED;
    if (net_device.stop() != QUOLL_OK) {
        state = LOST; /* the links are left alone: nobody may use again what the device has */
        count(COUNT_DEVICE_ERRORS, 1);
        return;
    }
    tell();
}

/* After stop(): what the device had of a virtualiser's old life is nobody's. */
static void forget_rx(void)
{
    struct net_rx_done done[BATCH];

    while (net_device.rx_take(done, BATCH) > 0) {}
    rx_held = 0;
}

static void forget_tx(void)
{
    struct net_tx_done done[BATCH];

    while (net_device.tx_take(done, BATCH) > 0) {}
}

static inline bool still_up(const struct link *link)
{
    return link->up && link_peer_life(link) == link->peer_life;
}

/* As link_check(), but the device stops before a new life is acknowledged. */
static bool check(struct link *link, void (*forget)(void))
{
    if (still_up(link)) {
        return true;
    }
    stop();
    if (state == LOST) {
        return false;
    }
    forget();
    return link_check(link) != LINK_DOWN;
}

/* Whether the virtualisers have back what the device had; if not, they wake us to make room. */
static bool given_back(void)
{
    while (!deliver()) {
        if (queue_wait_for_room(&rx.out)) {
            return false;
        }
    }
    while (!answer()) {
        if (queue_wait_for_room(&tx.out)) {
            return false;
        }
    }
    return true;
}

static void try_start(void)
{
    if (!given_back()) {
        return;
    }
    enum quoll_error error = net_device.start(&info);

    if (error != QUOLL_OK) {
        count(COUNT_DEVICE_ERRORS, 1);
        quoll_log("cannot start: %s", quoll_error_name(error));
        (void)net_device.stop();
        return;
    }
    state = RUNNING;
    tell();
    receive();
    transmit();
}

/* Out of line, as it is needed once in a life. */
__attribute__((noinline)) static bool renew_links(void)
{
    bool up = check(&rx, forget_rx);

    return check(&tx, forget_tx) && up && state != LOST;
}

static inline bool links_up(void)
{
    return (still_up(&rx) && still_up(&tx)) || renew_links();
}

void net_driver_start(void)
{
    microkit_channel interrupt = quoll_config.device.interrupt[0];

    enum quoll_error error = net_device.stop();

    microkit_irq_ack(interrupt); /* an earlier life may owe it */
    if (error != QUOLL_OK) {
        count(COUNT_DEVICE_ERRORS, 1);
        quoll_log("no device: %s", quoll_error_name(error));
        return; /* the links stay closed */
    }
    state = STOPPED;
    link_open(&rx, quoll_find_link(LINK_NET_RX_DEVICE, NULL, 0), sizeof(struct net_rx_done));
    link_open(&tx, quoll_find_link(LINK_NET_TX_DEVICE, NULL, 0), sizeof(struct net_tx_done));
    if (links_up()) {
        try_start();
    }
}

/* Each direction is left asleep, so only what the wake-up is about needs a look. */
static void work(bool receiving, bool sending)
{
    if (state == STOPPED) {
        try_start();
        return;
    }
    if (receiving) {
        receive();
    }
    if (sending) {
        transmit();
    }
    if (rx.out.broken || rx.in.broken || tx.out.broken || tx.in.broken) {
        (void)link_broken(&rx);
        (void)link_broken(&tx);
    }
    if (net_device.failed()) {
        stop();
        if (state == STOPPED) {
            try_start();
        }
    }
}

void net_driver_wake(microkit_channel channel)
{
    bool interrupt = channel == quoll_config.device.interrupt[0];

    if (state == LOST) {
        return; /* its interrupt stays masked */
    }
    if (interrupt) {
        count(COUNT_INTERRUPTS, 1);
        if (state == RUNNING && net_device.interrupted(&info)) {
            tell();
        }
    } else {
        link_count(channel == tx.config->channel ? &tx : &rx, COUNT_WOKEN, 1);
    }
    if (links_up()) {
        work(channel != tx.config->channel,
             interrupt ? tx_interrupts : channel == tx.config->channel);
    }
    if (interrupt && state != LOST) {
        microkit_irq_ack(channel);
    }
}
