/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every network driver does, written once: move buffers and frames between the
 * links to the two virtualisers and a device that offers the operations net_device_...
 * of <quoll/net_driver.h>.
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
 *
 * What can wait goes by the batch: the device gets buffers again when an eighth of its
 * places is free, and sent frames are taken back when they fill a quarter, or when
 * somebody waits for them.
 */
#include <quoll/link.h>
#include <quoll/log.h>
#include <quoll/net_driver.h>
#include <quoll/panic.h>

#define FEW    32U /* with less Rx buffers in the device, we want to know of free ones */
#define ROUNDS FEW /* in one direction before we look after the other */

static struct {
    struct link rx, tx;
    enum { LOST, STOPPED, RUNNING } state;
    uint8_t interrupt;
    uint32_t rx_places;  /* for buffers in the device */
    uint32_t rx_look_at; /* when so many are free, we look for buffers */
    uint32_t tx_many;    /* when the device holds so many frames, we look for sent ones */
    bool tx_interrupts;  /* we have asked for interrupts about sent frames */
    uint32_t rounds;     /* that made this wake-up longer */
    struct net_info info;
} driver;

#define OUT_OF_LINE __attribute__((noinline)) /* rare, or from several places */
#define IN_LINE     __attribute__((always_inline)) inline

/*
 * Whether to go on in one direction, which may have more for ever where the virtualiser has a
 * core of its own. If not, go_on() sees that the other has its turn.
 */
OUT_OF_LINE static bool again(void)
{
    driver.rounds += 1U;
    return driver.rounds < ROUNDS;
}

OUT_OF_LINE static void tell(void)
{
    driver.info.ready = driver.state == RUNNING;
    link_tell(&driver.rx, &driver.info, sizeof driver.info);
    link_tell(&driver.tx, &driver.info, sizeof driver.info);
}

OUT_OF_LINE static void tell_changes(void)
{
    net_device_changed(&driver.info);
    tell();
}

/* ---- Receiving ---- */

/* Received frames go to the virtualiser; false if there is no room for more. */
static bool deliver(void)
{
    net_device_rx_take(&driver.rx.out);
    link_publish(&driver.rx);
    return driver.rx.out.room >= FEW || queue_look_for_room(&driver.rx.out) > 0;
}

/* With few buffers in the device we look for more each time. */
static void look_again_later(void)
{
    uint32_t free = net_device_rx_room();
    uint32_t few = driver.rx_places > FEW ? driver.rx_places - FEW : 0;
    uint32_t later = free + (driver.rx_places + 7U) / 8U;

    driver.rx_look_at = later < few ? later : few;
}

/* Free buffers go to the device; false if it has few and more came meanwhile. */
static bool refill(void)
{
    if (queue_look(&driver.rx.in) > 0) {
        net_device_rx_give(&driver.rx.in);
        link_release(&driver.rx);
    }
    look_again_later();
    return net_device_rx_room() < driver.rx_look_at || net_device_rx_room() == 0 ||
           queue_sleep(&driver.rx.in);
}

static void refill_all(void)
{
    while (!refill() && again()) {}
}

/* False: there is more. */
static bool receive(void)
{
    bool room = deliver();

    if (net_device_rx_room() >= driver.rx_look_at) {
        refill_all();
    }
    return room ? net_device_rx_sleep() : queue_wait_for_room(&driver.rx.out);
}

OUT_OF_LINE static void receive_all(void)
{
    while (!receive() && again()) {}
}

/* ---- Sending ---- */

/* Sent frames go back to the virtualiser; false if there is no room for more. */
static bool answer(void)
{
    (void)queue_look_for_room(&driver.tx.out);
    net_device_tx_take(&driver.tx.out);
    link_publish(&driver.tx);
    return driver.tx.out.room > 0;
}

/* Frames go to the device; false if it has no room for more. */
static bool send(void)
{
    if (queue_look(&driver.tx.in) > 0) {
        net_device_tx_give(&driver.tx.in);
    }
    if (driver.tx.in.ready > 0) {
        link_release(&driver.tx);
        return false;
    }
    return true;
}

/* Whether to look for sent frames, even if nobody waits for them. */
IN_LINE static bool many_held(void)
{
    return net_device_tx_held() >= driver.tx_many;
}

/* False: there is more. */
static bool transmit(void)
{
    bool room_above = !(driver.tx_interrupts || many_held()) || answer();
    bool room_below = send();

    driver.tx_interrupts = !room_below || queue_awaited(&driver.tx.out);
    if (!room_above && queue_wait_for_room(&driver.tx.out)) {
        driver.tx_interrupts = false; /* the virtualiser comes first */
    }
    return net_device_tx_sleep(driver.tx_interrupts) &&
           (!room_below || link_sleep_by_batch(&driver.tx));
}

OUT_OF_LINE static void transmit_all(void)
{
    while (!transmit() && again()) {}
}

/* ---- Lives ---- */

static void stop(void)
{
    if (driver.state != RUNNING) {
        return;
    }
    driver.state = STOPPED;
    if (net_device_stop() != QUOLL_OK) {
        /* The links are left alone: nobody may use again what the device has. */
        driver.state = LOST;
        count(COUNT_DEVICE_ERRORS, 1);
        return;
    }
    tell();
}

/* After stop(): what the device had of a virtualiser's old life is nobody's. */
static void forget_rx(void)
{
    struct net_rx_done nobody[FEW];
    struct queue_putting to;

    do {
        to = (struct queue_putting){(void *)nobody, FEW - 1U, 0, FEW};
        net_device_rx_reclaim(&to);
    } while (to.at > 0);
}

static void forget_tx(void)
{
    struct net_tx_done nobody[FEW];
    struct queue_putting to;

    do {
        to = (struct queue_putting){(void *)nobody, FEW - 1U, 0, FEW};
        net_device_tx_reclaim(&to);
    } while (to.at > 0);
}

/* As link_check(), but the device stops before a new life is acknowledged. */
static bool check(struct link *link, void (*forget)(void))
{
    if (link_still_up(link)) {
        return true;
    }
    stop();
    if (driver.state == LOST) {
        return false;
    }
    forget();
    return link_check(link) != LINK_DOWN;
}

/*
 * Whether a virtualiser has back what the device had; if not, it wakes us to make room. It may
 * show room and take it back, but not more often than there is something to give.
 */
static bool gave_back(struct link *link, void (*reclaim)(struct queue_putting *))
{
    for (uint32_t turn = 0; turn <= link->out.capacity; turn++) {
        (void)queue_look_for_room(&link->out);
        struct queue_putting to = queue_putting_begin(&link->out);

        reclaim(&to);
        queue_putting_end(&link->out, &to);
        link_publish(link);
        if (link->out.room > 0) {
            return true;
        }
        if (queue_wait_for_room(&link->out)) {
            return false;
        }
    }
    return false;
}

static bool given_back(void)
{
    return gave_back(&driver.rx, net_device_rx_reclaim) &&
           gave_back(&driver.tx, net_device_tx_reclaim);
}

/* @return whether the device runs now, and has neither buffers nor frames yet */
OUT_OF_LINE static bool try_start(void)
{
    if (!given_back()) {
        return false;
    }
    enum quoll_error error = net_device_start(&driver.info);

    if (error != QUOLL_OK) {
        count(COUNT_DEVICE_ERRORS, 1);
        quoll_log("cannot start: %s", quoll_error_name(error));
        (void)net_device_stop();
        return false;
    }
    driver.state = RUNNING;
    driver.rx_places = net_device_rx_room();
    driver.rx_look_at = 0;
    driver.tx_many = (net_device_tx_room() + 3U) / 4U;
    driver.tx_interrupts = false;
    tell();
    return true;
}

OUT_OF_LINE static bool renew_links(void)
{
    bool up = check(&driver.rx, forget_rx);

    return check(&driver.tx, forget_tx) && up && driver.state != LOST;
}

IN_LINE static bool links_up(void)
{
    return link_still_up(&driver.rx) && link_still_up(&driver.tx);
}

OUT_OF_LINE static void start(void)
{
    if (try_start()) {
        receive_all();
        transmit_all();
    }
}

/* It is started anew once; if it fails again at once, that is for the next wake-up. */
OUT_OF_LINE static void start_anew(void)
{
    stop();
    if (driver.state == STOPPED) {
        start();
    }
}

/* Whether there are links and a device to work with; if it just starts, all is done. */
static bool ready(void)
{
    if (!links_up() && !renew_links()) {
        return false;
    }
    if (driver.state == RUNNING) {
        return true;
    }
    start();
    return false;
}

/* After the work: has anyone broken the rules? */
IN_LINE static void judge(void)
{
    if (net_device_failed()) {
        start_anew();
    }
}

/* As if all had waked us: the device, both virtualisers. */
OUT_OF_LINE static void do_all(void)
{
    if (driver.state == RUNNING && net_device_interrupted()) {
        tell_changes();
    }
    if (ready()) {
        receive_all();
        driver.rounds = driver.rounds >= ROUNDS ? ROUNDS : 0;
        transmit_all();
        judge();
    }
}

/* As long as something was left. */
OUT_OF_LINE static void go_on(void)
{
    while (driver.rounds >= ROUNDS) {
        driver.rounds = 0;
        do_all();
    }
    driver.rounds = 0;
}

void net_driver_start(void)
{
    enum quoll_error error = net_device_stop();

    driver.interrupt = quoll_config.device.interrupt[0];
    QUOLL_INVARIANT(quoll_can_ack(driver.interrupt));
    microkit_irq_ack(driver.interrupt); /* an earlier life may owe it */
    if (error != QUOLL_OK) {
        count(COUNT_DEVICE_ERRORS, 1);
        quoll_log("no device: %s", quoll_error_name(error));
        return; /* the links stay closed */
    }
    driver.state = STOPPED;
    link_open(&driver.rx, quoll_find_link(LINK_NET_RX_DEVICE, NULL, 0), sizeof(struct net_rx_done));
    link_open(&driver.tx, quoll_find_link(LINK_NET_TX_DEVICE, NULL, 0), sizeof(struct net_tx_done));
    (void)ready();
    go_on();
}

/* The rest of a wake-up in which there is more to do than in most. */
OUT_OF_LINE static void end(bool interrupt)
{
    judge();
    if (interrupt && driver.state != LOST) {
        microkit_irq_ack(driver.interrupt);
    }
    if (driver.rounds > 0) {
        go_on();
    }
}

OUT_OF_LINE static void transmit_and_end(bool interrupt)
{
    transmit_all();
    end(interrupt);
}

OUT_OF_LINE static void receive_and_end(void)
{
    receive_all();
    if (driver.tx_interrupts) {
        transmit_all();
    }
    end(true);
}

OUT_OF_LINE static void tell_changes_and_end(void)
{
    tell_changes();
    receive_and_end();
}

/*
 * Each direction is left asleep, so only what the wake-up is about needs a look. Most often
 * that is one frame, and all is well: then no function is called.
 */
OUT_OF_LINE static void on_interrupt(void)
{
    count(COUNT_INTERRUPTS, 1);
    if (net_device_interrupted()) {
        tell_changes_and_end();
        return;
    }
    if (!net_device_rx_take_one(&driver.rx.out, FEW)) {
        receive_and_end();
        return;
    }
    link_publish_one(&driver.rx);
    if (net_device_rx_room() >= driver.rx_look_at || !net_device_rx_sleep()) {
        receive_and_end();
    } else if (driver.tx_interrupts) {
        transmit_and_end(true);
    } else if (net_device_failed()) {
        end(true);
    } else {
        quoll_irq_ack(driver.interrupt);
    }
}

/* Nobody waits for sent frames; and nothing of the device is looked at that could be wrong. */
IN_LINE static void send_one(void)
{
    if (queue_look(&driver.tx.in) != 1U || !net_device_tx_give_one(&driver.tx.in) ||
        queue_awaited(&driver.tx.out) || !net_device_tx_sleep(false) ||
        !link_sleep_by_batch(&driver.tx)) {
        transmit_and_end(false);
    }
}

OUT_OF_LINE static void answer_and_send(void)
{
    if (answer()) {
        send_one();
    } else {
        transmit_and_end(false);
    }
}

OUT_OF_LINE static void on_frames(void)
{
    link_count(&driver.tx, COUNT_WOKEN, 1);
    if (driver.tx_interrupts) {
        transmit_and_end(false);
    } else if (many_held()) {
        answer_and_send();
    } else {
        send_one();
    }
}

OUT_OF_LINE static void on_buffers(void)
{
    link_count(&driver.rx, COUNT_WOKEN, 1);
    driver.rx_look_at = 0;
    receive_all();
    end(false);
}

/* Nothing runs, or a virtualiser has a new life: that comes first. */
OUT_OF_LINE static void wake_at_rest(microkit_channel channel)
{
    bool interrupt = channel == driver.interrupt;

    if (driver.state == LOST) {
        return; /* its interrupt stays masked */
    }
    if (interrupt) {
        count(COUNT_INTERRUPTS, 1);
    } else {
        link_count(channel == driver.tx.channel ? &driver.tx : &driver.rx, COUNT_WOKEN, 1);
    }
    do_all();
    end(interrupt);
}

void net_driver_wake(microkit_channel channel)
{
    if (driver.state != RUNNING || !links_up()) {
        wake_at_rest(channel);
    } else if (channel == driver.interrupt) {
        on_interrupt();
    } else if (channel == driver.tx.channel) {
        on_frames();
    } else {
        on_buffers();
    }
}
