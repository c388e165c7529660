/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor, in a campaign: it gives each role in turn its attacks, a life each
 * (lives.h), and is patient, since what it sees are not accidents. Everything else is
 * the real one's, included below; a fault of anybody else is told as it always is.
 */
#include <string.h>

#include <quoll/microkit.h>
#include <quoll/time.h>

#include "lives.h"

/* So that every fault comes after long good service. */
static uint64_t patient_now(void)
{
    static uint64_t now;

    now += QUOLL_S(60);
    return now;
}

#define quoll_now patient_now
#define fault     real_fault
seL4_Bool real_fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply);
#include "supervisor/supervisor.c"
#undef fault
#undef quoll_now

/* Last those that others' frames go through: their traces stay in buffers (matrix.py). */
static const char *const roles[] = {
    "mallory",      "disk_virt",      "console_tx", "clock_virt", "console_driver", "disk_driver",
    "clock_driver", "alice_nic_copy", "nic_rx",     "nic_tx",     "nic_driver",
};
#define ROLES (sizeof roles / sizeof roles[0])

static struct {
    unsigned role;
    uint32_t attack;
    uint32_t lives; /* of the metronome */
    bool begun;
} plan;

/* quoll_config.children: there is none, as with a copying virtualiser there are no copiers. */
static microkit_child child_of(const char *name)
{
    microkit_child child = 0;

    while (child < quoll_config.children && strcmp(quoll_config.link[child].name, name) != 0) {
        child += 1U;
    }
    return child;
}

static void live(microkit_child child, uint32_t life)
{
    _Atomic uint32_t *lives = (_Atomic uint32_t *)(uintptr_t)quoll_config.lives;

    atomic_store_explicit(&lives[child], life, memory_order_release);
}

static bool is_there(unsigned role)
{
    return child_of(roles[role]) != quoll_config.children;
}

/* The next attack of the present role, or its honest life after the last; false: all over. */
static bool go_on(unsigned role, uint32_t attacks, bool honest)
{
    if (!plan.begun) {
        plan.begun = true;
        plan.role = role == ROLE_ALL ? 0 : role;
    }
    if (plan.attack > attacks) {
        plan.attack = 0;
        do {
            plan.role = role == ROLE_ALL ? plan.role + 1U : ROLES;
        } while (plan.role < ROLES && !is_there(plan.role));
    }
    if (role == ROLE_NONE) {
        plan.attack += 1U;
        return plan.attack <= attacks;
    }
    if (plan.role >= ROLES) {
        return false;
    }
    microkit_child child = child_of(roles[plan.role]);

    plan.attack += 1U;
    live(child, plan.attack > attacks ? REFORMED
                : honest              ? LIFE_HONEST + plan.attack
                                      : LIFE_TRIES * plan.attack);
    microkit_pd_restart(child, ENTRY);
    return true;
}

static void tick(microkit_child metronome, uint64_t address)
{
    uint32_t words = (uint32_t)((address - PLAN_ADDRESS) / 8U);

    plan.lives += 1U;
    if (go_on(words / PLAN_ROLE % 16U, words % PLAN_ROLE, words >= PLAN_HONEST)) {
        live(metronome, plan.lives);
        microkit_pd_restart(metronome, ENTRY);
    } else {
        live(metronome, OVER);
        microkit_pd_stop(metronome);
    }
}

/* An attacker's own fault: as often as the real one lets it live, and no word about it. */
static bool attackers_own(microkit_child child)
{
    uint32_t life = life_of(child);

    if (!life_is_hostile(life)) {
        return false;
    }
    if (life % LIFE_TRIES == MAX_FAULTS) {
        microkit_pd_stop(child);
    } else {
        live(child, life + 1U);
        microkit_pd_restart(child, ENTRY);
    }
    return true;
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply)
{
    count(COUNT_WAKEUPS, 1);
    if (strcmp(quoll_config.link[child].name, "metronome") == 0) {
        tick(child, microkit_mr_get(seL4_VMFault_Addr));
        return seL4_False;
    }
    return attackers_own(child) ? seL4_False : real_fault(child, msginfo, reply);
}
