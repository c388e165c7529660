/* SPDX-License-Identifier: BSD-2-Clause */
/* Loops whose end a neighbour decides. */
#include <quoll/block.h>
#include <quoll/link.h>
#include <quoll/mmio.h>
#include <quoll/net.h>
#include <quoll/virtqueue.h>

#include "hook.h"

#define MOST 32U

static uint32_t sum;
static struct {
    uint32_t left;
} work;

void counts_to_a_field(struct link *link)
{
    struct block_request request;

    (void)block_requests_take(&link->in, &request);
    for (uint32_t i = 0; i < request.count; i++) { /* lint: loop */
        sum += i;
    }
}

void counts_down(struct link *link)
{
    struct block_request request;

    (void)block_requests_take(&link->in, &request);
    while (request.count-- > 0) { /* lint: loop */
        sum += 1;
    }
}

static void spend(uint32_t count)
{
    do { /* lint: loop */
        sum += 1;
    } while (--count > 0);
}

void in_a_function(struct link *link)
{
    struct block_request request;

    (void)block_requests_take(&link->in, &request);
    spend(request.count);
}

void through_a_field(struct link *link)
{
    struct block_info info;

    (void)link_told(link, &info, sizeof info);
    work.left = info.max_count;
    for (; work.left > 0; work.left--) { /* lint: loop */
        sum += 1;
    }
}

void through_arithmetic(struct link *link)
{
    struct net_frame frame;

    (void)net_frames_peek(&link->in, &frame);
    uint32_t end = (frame.offset + frame.length) / 4U;

    for (uint32_t i = 0; i != end; i++) { /* lint: loop */
        sum += i;
    }
}

void polls(const volatile uint32_t *status)
{
    while ((mmio_read32(status) & 1U) == 0) { /* lint: loop */
        sum += 1;
    }
}

void polls_for_a_truth(const volatile uint32_t *status)
{
    while (!(mmio_read32(status) & 1U)) {} /* lint: loop */
}

void has_no_condition(struct link *link)
{
    for (;;) { /* lint: loop */
        if (queue_look(&link->in) == 0) {
            return;
        }
    }
}

void is_always_true(void)
{
    while (1) { /* lint: loop */
        sum += 1;
    }
}

static void spend_as_you_like(uint32_t count)
{
    while (count-- > 0) { /* lint: loop */
        sum += 1;
    }
}

static bool has_more(struct link *link)
{
    return queue_look(&link->in) > 0;
}

void goes_on_by_hook(struct link *link)
{
    spend_what_it_says(link);
    while (has_more_by_hook(link)) { /* lint: loop */
        sum += 1;
    }
}

void follows_a_chain(struct virtqueue *queue)
{
    struct virtqueue_done done;

    (void)virtqueue_take(queue, &done);
    while (done.cookie != 0) { /* lint: loop */
        done.cookie = queue->slot[done.cookie].next;
    }
}

void jumps(struct link *link)
{
again:
    if (queue_look(&link->in) > 0) {
        goto again; /* lint: loop */
    }
}

/* As it should be. */
void has_a_bound_of_its_own(struct link *link, const volatile uint32_t *status)
{
    struct block_request request;

    while (block_requests_take(&link->in, &request)) {
        for (uint32_t i = 0; i < MOST && i < request.count; i++) {
            sum += 1;
        }
        for (uint32_t i = 0; i < (request.count & 15U); i++) {
            sum += 1;
        }
    }
    for (unsigned n = 0; n < MOST && mmio_read32(status) != 0; n++) {}
    for (unsigned n = 0; n < MOST && !link_sleep(link); n++) {
        sum += link->in.ready;
    }
    do {
        sum += link->in.ready;
    } while (sum < MOST && !queue_wait_for_room(&link->out));
}

void goes_on_while_there_is_more(struct link *link)
{
    do { /* lint: loop */
        sum += link->in.ready;
    } while (!link_sleep(link));
}

static bool all_is_done(struct link *link)
{
    sum += link->in.ready;
    return link_sleep(link);
}

void asks_another_function(struct link *link)
{
    while (!all_is_done(link)) {} /* lint: loop */
}

void makes_room_for_ever(struct link *link)
{
    while (!queue_wait_for_room(&link->out)) { /* lint: loop */
        (void)queue_look_for_room(&link->out);
    }
}
