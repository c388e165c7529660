/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every block driver does, written once: move requests and responses between
 * the virtualiser's link and a device that offers the operations of struct
 * block_device.
 *
 * Work per wake-up is bounded by room downstream: a request is taken when the device
 * has room for it and the response queue will have room for its response. When
 * that is used up, the device's interrupt or the virtualiser wakes us.
 *
 * The device works only while the link is up. When the virtualiser begins a new
 * life, the device is brought to rest before the link is set up for that life, since
 * until then it may transfer data for requests that nobody remembers.
 */
#include <quoll/block_driver.h>
#include <quoll/link.h>
#include <quoll/log.h>
#include <quoll/panic.h>

/* Resets without a request being served in between, until the device is given up. */
#define RESETS_MAX 8U

static struct block_driver {
    const struct block_device *device;
    struct link link;
    struct block_info info;
    bool quiet;      /* the device was stopped and touches no memory */
    bool working;    /* the device was started */
    unsigned resets; /* since it last served a request */
    uint32_t in_flight;
} driver;

static void tell(struct block_driver *d)
{
    link_tell(&d->link, &d->info, sizeof d->info);
}

static void give_up(struct block_driver *d, enum quoll_error error)
{
    quoll_log("device given up: %s", quoll_error_name(error));
    d->working = false;
    d->in_flight = 0; /* none of them will be answered any more */
    d->info = (struct block_info){.error = (int8_t)error};
}

static bool stop(struct block_driver *d)
{
    enum quoll_error error = d->device->stop();

    d->working = false;
    d->quiet = error == QUOLL_OK;
    if (error != QUOLL_OK) {
        quoll_log("the device does not come to rest: %s", quoll_error_name(error));
    }
    return d->quiet;
}

static void start(struct block_driver *d)
{
    d->info = (struct block_info){0};
    d->quiet = false;
    enum quoll_error error = d->device->start(&d->info);

    if (error != QUOLL_OK) {
        give_up(d, error);
        return;
    }
    d->info.ready = 1;
    d->working = true;
}

static void respond(struct block_driver *d, uint32_t id, enum quoll_error status)
{
    struct block_response response = {.id = id, .status = status};

    if (!block_responses_put(&d->link.out, &response)) {
        link_count(&d->link, COUNT_DROPPED, 1);
    }
}

/* Whether the response of one more request will find room, after those in flight. */
static bool response_room(struct block_driver *d)
{
    return d->link.out.room > d->in_flight || queue_look_for_room(&d->link.out) > d->in_flight;
}

static bool in_range(const struct block_info *info, const struct block_request *r)
{
    return r->count >= 1 && r->count <= info->max_count && r->block < info->blocks &&
           r->count <= info->blocks - r->block;
}

/* QUOLL_OK: it is the device's to serve. */
static enum quoll_error check(const struct block_info *info, const struct block_request *r)
{
    switch (r->operation) {
    case BLOCK_READ:
        return in_range(info, r) ? QUOLL_OK : QUOLL_EINVALID;
    case BLOCK_WRITE:
    case BLOCK_DISCARD:
    case BLOCK_WRITE_ZEROES:
        if (!in_range(info, r)) {
            return QUOLL_EINVALID;
        }
        if (!info->writable) {
            return QUOLL_EDENIED;
        }
        return (r->operation == BLOCK_DISCARD && !info->can_discard) ||
                       (r->operation == BLOCK_WRITE_ZEROES && !info->can_write_zeroes)
                   ? QUOLL_EUNSUPPORTED
                   : QUOLL_OK;
    case BLOCK_FLUSH:
        return QUOLL_OK;
    default:
        return QUOLL_EINVALID;
    }
}

static void accept(struct block_driver *d, const struct block_request *request)
{
    enum quoll_error error = d->working ? check(&d->info, request) : QUOLL_EDOWN;

    if (error != QUOLL_OK) {
        link_count(&d->link, d->working ? COUNT_REFUSED : COUNT_DROPPED, 1);
        respond(d, request->id, error);
    } else if (request->operation == BLOCK_FLUSH && !d->info.can_flush) {
        respond(d, request->id, QUOLL_OK); /* nothing is cached: what was answered is durable */
    } else {
        d->device->submit(request);
        d->in_flight += 1U;
    }
}

/* True if no request is left; else the device's or the virtualiser's room is used up. */
static bool take_requests(struct block_driver *d)
{
    struct block_request request;

    do {
        while (d->link.in.ready > 0 || queue_look(&d->link.in) > 0) {
            if ((d->working && d->device->room() == 0) || !response_room(d)) {
                return false;
            }
            (void)block_requests_take(&d->link.in, &request);
            accept(d, &request);
        }
    } while (!link_sleep(&d->link));
    return true;
}

static void take_responses(struct block_driver *d)
{
    struct block_response done;

    while (d->device->next(&done)) {
        d->resets = 0;
        d->in_flight -= 1U;
        respond(d, done.id, done.status);
    }
}

/* The device has failed: what it held goes back as lost, and it begins anew. */
static void recover(struct block_driver *d)
{
    uint32_t id;

    if (!stop(d)) {
        give_up(d, QUOLL_ETIMEDOUT); /* and what it held stays with it */
        tell(d);
        return;
    }
    while (d->device->lost(&id)) {
        respond(d, id, QUOLL_ERESET);
    }
    d->in_flight = 0;
    d->resets += 1U;
    if (d->resets > RESETS_MAX) {
        give_up(d, QUOLL_EIO);
    } else {
        start(d);
    }
    tell(d);
}

/*
 * Ends when the device is asleep and no request can be taken. If the response
 * queue is short of room, responses in flight will come and bring us back here; if
 * none is in flight, the queue is full, and the virtualiser wakes us.
 */
static void work(struct block_driver *d)
{
    do {
        if (d->working) {
            take_responses(d);
        }
        if (d->working && d->device->broken()) {
            recover(d);
        }
        if (!take_requests(d)) {
            link_release(&d->link);
        }
        if (d->working) {
            d->device->publish();
        }
        link_publish(&d->link);
    } while ((d->working && !d->device->sleep()) ||
             (d->link.in.ready > 0 && d->in_flight == 0 && !queue_wait_for_room(&d->link.out)));
}

/* Before the link is set up for a new life of the virtualiser. False: it may not be. */
static bool forget_old_life(struct block_driver *d)
{
    if (link_peer_life(&d->link) == d->link.peer_life || d->quiet) {
        return true;
    }
    if (d->working) {
        d->info = (struct block_info){0};
        tell(d);
    }
    return stop(d);
}

static void use_link(struct block_driver *d)
{
    if (!forget_old_life(d)) {
        return;
    }
    switch (link_check(&d->link)) {
    case LINK_DOWN:
        return;
    case LINK_CAME_UP:
        d->in_flight = 0;
        if (d->info.error == QUOLL_OK && (d->quiet || stop(d))) {
            start(d);
        }
        tell(d);
        break;
    case LINK_UP:
        break;
    }
    work(d);
}

static void interrupted(struct block_driver *d, microkit_channel channel)
{
    enum block_event event = d->working ? d->device->interrupted(&d->info) : BLOCK_EVENT_NONE;

    count(COUNT_INTERRUPTS, 1);
    microkit_irq_ack(channel);
    if (event == BLOCK_EVENT_FAILED) {
        recover(d);
    } else if (event == BLOCK_EVENT_CHANGED) {
        tell(d);
    }
}

/* The link is opened only once the device is at rest, whatever an earlier life did with it. */
static void open_when_quiet(struct block_driver *d)
{
    const struct quoll_link_config *config = quoll_find_link(LINK_BLOCK_DEVICE, NULL, 0);

    if (config == NULL) {
        quoll_panic("no virtualiser");
    }
    enum quoll_error error = d->device->find();

    d->quiet = error != QUOLL_OK; /* no device: nothing that could touch memory */
    if (!d->quiet && !stop(d)) {
        return; /* the next wake-up tries again */
    }
    if (quoll_config.device.interrupt[0] != QUOLL_NO_CHANNEL) {
        microkit_irq_ack(quoll_config.device.interrupt[0]);
    }
    link_open(&d->link, config, sizeof(struct block_response));
    if (error != QUOLL_OK) {
        give_up(d, error);
    }
}

static void wake(struct block_driver *d)
{
    if (d->link.config == NULL) {
        open_when_quiet(d);
    }
    if (d->link.config != NULL) {
        use_link(d);
    }
}

void block_driver_wake(microkit_channel channel)
{
    if (channel == quoll_config.device.interrupt[0]) {
        interrupted(&driver, channel);
    } else if (driver.link.config != NULL) {
        link_count(&driver.link, COUNT_WOKEN, 1);
    }
    wake(&driver);
}

void block_driver_start(const struct block_device *device)
{
    driver.device = device;
    wake(&driver);
}
