/* SPDX-License-Identifier: BSD-2-Clause */
/* Giving up because of what a neighbour says. */
#include <assert.h>

#include <quoll/block_driver.h>
#include <quoll/link.h>
#include <quoll/panic.h>
#include <quoll/timer.h>
#include <quoll/virtqueue.h>

#define SLOTS 64U

static uint8_t holder[SLOTS];
static struct {
    uint64_t expected;
    uint64_t told;
} state;

void asserts_a_field(struct link *link)
{
    struct block_request request;

    if (block_requests_take(&link->in, &request)) {
        QUOLL_INVARIANT(request.count <= 128); /* lint: panic */
    }
}

void asserts_of_the_standard(struct link *link)
{
    struct block_request request;

    if (block_requests_take(&link->in, &request)) {
        assert(request.reserved == 0); /* lint: panic */
    }
}

void asserts_by_index(struct link *link)
{
    struct block_response response;

    while (block_responses_take(&link->in, &response)) {
        QUOLL_INVARIANT(holder[response.id % SLOTS] != 0); /* lint: panic */
    }
}

static void finish(uint32_t id)
{
    QUOLL_INVARIANT(id < SLOTS); /* lint: panic */
    holder[id] = 0;
}

void asserts_in_a_function(struct link *link)
{
    struct block_response response;

    if (block_responses_take(&link->in, &response)) {
        finish(response.id);
    }
}

static bool in_order(const struct timer_expiry *expiry)
{
    return expiry->count != 0;
}

void asserts_what_a_function_says(struct link *link)
{
    struct timer_expiry expiry;

    if (timer_expiries_take(&link->in, &expiry)) {
        bool good = in_order(&expiry);

        QUOLL_INVARIANT(good); /* lint: panic */
    }
}

void stores(struct link *link)
{
    struct timer_request request;

    if (timer_requests_take(&link->in, &request)) {
        state.told = request.when;
    }
}

void asserts_what_was_stored(void)
{
    if (state.told > state.expected) {
        __builtin_trap(); /* lint: panic */
    }
}

void gives_up_after_a_check(struct link *link)
{
    struct block_info info;

    if (link_told(link, &info, sizeof info) && info.ready == 1) {
        return;
    }
    quoll_panic("no disk"); /* lint: panic */
}

static void complain(void)
{
    quoll_panic("never again");
}

void gives_up_in_a_wrapper(struct link *link)
{
    struct block_response response;

    if (block_responses_take(&link->in, &response) && response.status != 0) {
        complain(); /* lint: panic */
    }
}

void gives_up_by_case(struct link *link)
{
    struct block_request request;

    (void)block_requests_take(&link->in, &request);
    switch (request.operation) {
    case BLOCK_READ:
        break;
    default:
        quoll_panic("unknown operation"); /* lint: panic */
    }
}

static bool next(struct link *link, struct block_response *response)
{
    return block_responses_take(&link->in, response);
}

void asserts_what_came_through_a_parameter(struct link *link)
{
    struct block_response response = {0};

    if (next(link, &response)) {
        QUOLL_INVARIANT(response.status <= 0); /* lint: panic */
    }
}

void asserts_a_device(struct virtqueue *queue)
{
    struct virtqueue_done done;

    if (virtqueue_take(queue, &done)) {
        QUOLL_INVARIANT(done.length == 12); /* lint: panic */
    }
}

void asserts_what_an_operation_says(const struct block_device *device)
{
    struct block_response done;

    if (device->next(&done)) {
        QUOLL_INVARIANT(done.status == 0); /* lint: panic */
    }
}

/* As it should be. */
void asserts_its_own(struct link *link, const struct quoll_link_config *config)
{
    QUOLL_INVARIANT(config != NULL);
    QUOLL_INVARIANT(link->in.ready <= link->in.capacity);
}
