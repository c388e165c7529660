/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A life's number says what it is for. The supervisor (pd_supervisor.c) gives the
 * numbers, everybody can read them.
 *
 *     0                   honest, before its turn
 *     32 (n + 1) + again  attack n; `again` counts the faults of its own since it began
 *     LIFE_HONEST + n     honest, restarted instead of an attack: for comparison
 *     REFORMED and above  honest, after its turn
 *
 * The metronome asks for the next attack by a fault at PLAN_ADDRESS + 8 * plan, since
 * a fault is all that a child can say to its parent: role * PLAN_ROLE + attacks, and
 * PLAN_HONEST if they are to be none. Its life OVER ends the campaign.
 */
#ifndef HOSTILE_LIVES_H
#define HOSTILE_LIVES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <quoll/config.h>

#define LIFE_TRIES   32U
#define LIFE_KINDS   20U /* of attacks, */
#define LIFE_AGAIN   7U  /* and which of them says all again, */
#define LIFE_STORMS  15U /* and which is the storm of interrupts */
#define LIFE_HONEST  (1U << 16)
#define REFORMED     (1U << 20)
#define OVER         (1U << 21)
#define PLAN_ADDRESS 0x1000U
#define PLAN_ROLE    1024U /* attacks per role: below this */
#define PLAN_HONEST  (16U * PLAN_ROLE)
#define ROLE_NONE    14U /* nobody attacks: what there is to be had */
#define ROLE_ALL     15U /* all roles in turn */

static inline uint32_t life_of(unsigned pd)
{
    const _Atomic uint32_t *lives = (const _Atomic uint32_t *)(uintptr_t)quoll_config.lives;

    return atomic_load_explicit(&lives[pd], memory_order_acquire);
}

static inline bool life_is_hostile(uint32_t life)
{
    return life >= LIFE_TRIES && life < LIFE_HONEST;
}

static inline unsigned life_kind(uint32_t life)
{
    return (life / LIFE_TRIES - 1U) % LIFE_KINDS;
}

#endif
