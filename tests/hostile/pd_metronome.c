/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives the time: every `tick` microseconds it faults, which wakes the supervisor
 * (lives.h). It hangs on the timer and on the disk, so that it beats on whichever of
 * the two an attack takes away.
 *
 * Some lives are longer: who keeps its budget of 9 of 10 ms shows it only over several
 * of them; a line that does not end takes 22 ms until it is ended; and when nobody attacks
 * (any more), all are to be seen at work.
 */
#include <quoll/block_client.h>
#include <quoll/pd.h>
#include <quoll/time.h>
#include <quoll/timer_client.h>

#include "lives.h"

static struct block_client disk;
static struct timer_client clock;
static uint64_t end;

static uint64_t number(const char *key)
{
    uint64_t value = 0;

    for (const char *at = quoll_setting(key); at != NULL && *at >= '0' && *at <= '9'; at++) {
        value = value * 10U + (uint64_t)(*at - '0');
    }
    return value;
}

#define LONGER 10U

static unsigned beats(void)
{
    bool attacked = false;

    for (unsigned pd = 0; pd < QUOLL_MAX_PDS; pd++) {
        uint32_t life = pd == quoll_config.pd ? 0 : life_of(pd);

        if (life_is_hostile(life) &&
            (life_kind(life) == LIFE_STORMS || life_kind(life) == LIFE_AGAIN)) {
            return LONGER;
        }
        attacked = attacked || (life != 0 && life < REFORMED);
    }
    return attacked ? 1U : LONGER;
}

static void beat(void)
{
    if (quoll_now() >= end) {
        *(volatile uint32_t *)(uintptr_t)(PLAN_ADDRESS + 8U * number("plan")) = 0;
    }
}

/* One request after the other, as long as the disk answers. */
static void read_on(void)
{
    struct block_response done;

    do {
        while (block_client_next(&disk, &done)) {}
    } while (!block_client_sleep(&disk));
    if (disk.busy == 0 && block_client_room(&disk) > 0) {
        (void)block_read(&disk, 0, 1, 0, 0);
        block_client_publish(&disk);
    }
}

void pd_start(void)
{
    end = quoll_now() + beats() * QUOLL_US(number("tick"));
    (void)timer_client_open(&clock, NULL);
    (void)block_client_open(&disk, NULL);
    (void)timer_set(&clock, 0, end);
}

void pd_wake(microkit_channel channel)
{
    struct timer_expiry expiry;

    (void)timer_client_wake(&clock, channel);
    (void)block_client_wake(&disk, channel);
    beat();
    while (timer_client_next(&clock, &expiry)) {}
    read_on();
}
