/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages: protected calls and faults, which wait for their answer, and what ends that.
 *
 * A protection domain receives a message when it waits and has no notification; of several
 * senders the one of the highest priority comes first, of equals the first (seL4 reference
 * manual, 4 "Message Passing (IPC)", MCS). It owes one answer at a time: whoever is not
 * answered before the next message waits for ever. Who is restarted or stopped waits no
 * more, and the answer to it goes nowhere.
 *
 * An answered fault is another try of what faulted. As mappings never change, that is the
 * same fault again.
 */
#include <string.h>

#include "sim/calls.h"
#include "sim/include/microkit.h"
#include "sim/sim.h"

#define ENTRY         0x200000U /* where core/start.S lies on the machine */
#define COST_CALL     400U      /* ns, of a system call */
#define COST_FAULT    1000U
#define NO_CAPABILITY ((void *)2) /* seL4_InvalidCapability */

/* ---- From one to the other ---- */

static void copy_words(const struct sim_pd *from, const struct sim_pd *to, uint64_t info)
{
    uint64_t count = SIM_INFO_COUNT(info) < SIM_WORDS ? SIM_INFO_COUNT(info) : SIM_WORDS;

    memcpy(sim_machine.words[to->index], sim_machine.words[from->index], count * sizeof(uint64_t));
}

static void send(struct sim_pd *pd, struct sim_pd *to, uint64_t info)
{
    struct sim_pd_state *st = state_of(pd);

    st->info = info;
    st->to = (uint8_t)to->index;
    st->turn = ++sim_machine.turn;
    kernel_wake(to);
}

static struct sim_pd *first_sender(const struct sim_pd *to)
{
    struct sim_pd *first = NULL;

    for (size_t i = 0; i < sim_system.pd_count; i++) {
        struct sim_pd *pd = &sim_system.pds[i];
        const struct sim_pd_state *st = state_of(pd);
        if (st->turn != 0 && st->to == to->index &&
            (first == NULL || pd->priority > first->priority ||
             (pd->priority == first->priority && st->turn < state_of(first)->turn))) {
            first = pd;
        }
    }
    return first;
}

bool message_receive(struct sim_pd *pd)
{
    struct sim_pd_state *st = state_of(pd), *theirs;
    struct sim_pd *sender = first_sender(pd);

    if (sender == NULL) {
        return false;
    }
    theirs = state_of(sender);
    theirs->turn = 0;
    st->caller = (uint8_t)(sender->index + 1U);
    st->received = theirs->info;
    if (theirs->status == SIM_CALLING) {
        st->badge = SIM_BADGE_CALL | theirs->channel;
        copy_words(sender, pd, theirs->info);
    } else {
        st->badge = SIM_BADGE_FAULT | sender->child;
        memcpy(sim_machine.words[pd->index], theirs->fault, sizeof theirs->fault);
    }
    return true;
}

void message_forget(struct sim_pd *pd)
{
    state_of(pd)->turn = 0;
    state_of(pd)->caller = 0;
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        if (sim_machine.pd[i].caller == pd->index + 1U) {
            sim_machine.pd[i].caller = 0;
        }
    }
}

/* A passive one has no time of its own for calls. */
struct sim_pd *message_payer(struct sim_pd *pd)
{
    for (size_t depth = 0; depth < sim_system.pd_count; depth++) {
        unsigned caller = state_of(pd)->caller;
        if (!pd->passive || caller == 0 || sim_machine.pd[caller - 1U].status != SIM_CALLING) {
            break;
        }
        pd = &sim_system.pds[caller - 1U];
    }
    return pd;
}

/* ---- What programs ask for ---- */

uint64_t message_call(unsigned channel, uint64_t info)
{
    struct sim_pd *pd = sim_current;
    struct sim_pd *peer = channel < SIM_MAX_CHANNELS ? pd->channel[channel].peer : NULL;

    if (kernel_misused(peer == NULL || !pd->channel[channel].calls, "call", channel)) {
        return 0;
    }
    choice_point("calling");
    kernel_flush(pd, SIM_LATE_STORES);
    report_step("%s calls %s", pd->name, peer->name);
    clock_spend(COST_CALL);
    state_of(pd)->status = SIM_CALLING;
    state_of(pd)->channel = (uint8_t)pd->channel[channel].channel;
    send(pd, peer, info);
    kernel_yield();
    return state_of(pd)->received;
}

void message_reply(uint64_t info)
{
    struct sim_pd *pd = sim_current;
    unsigned caller = state_of(pd)->caller;

    if (caller == 0) {
        return;
    }
    struct sim_pd *to = &sim_system.pds[caller - 1U];
    kernel_flush(pd, SIM_LATE_STORES);
    report_step("%s answers %s", pd->name, to->name);
    clock_spend(COST_CALL);
    state_of(pd)->caller = 0;
    if (state_of(to)->status == SIM_CALLING) {
        state_of(to)->received = info;
        copy_words(pd, to, info);
        kernel_go_on(to);
    } else if (SIM_INFO_LABEL(info) == 0) {
        state_of(to)->faults_again = true;
        kernel_enter(to);
    }
}

uint64_t message_received(void)
{
    return state_of(sim_current)->received;
}

uint64_t message_get(uint8_t index)
{
    return sim_machine.words[sim_current->index][index % SIM_WORDS];
}

void message_set(uint8_t index, uint64_t value)
{
    sim_machine.words[sim_current->index][index % SIM_WORDS] = value;
}

/* ---- Faults ---- */

void message_fault(struct sim_pd *pd, uint64_t label, const uint64_t *words, size_t count)
{
    struct sim_pd_state *st = state_of(pd);

    st->status = SIM_FAULTED;
    st->late_count = 0;
    memset(st->fault, 0, sizeof st->fault);
    memcpy(st->fault, words, count * sizeof *words);
    st->info = SIM_INFO(label, count);
    if (pd->parent != NULL) {
        send(pd, pd->parent, st->info);
    }
}

void message_fault_again(struct sim_pd *pd)
{
    struct sim_pd_state *st = state_of(pd);

    report_step("%s tries again, and faults again", pd->name);
    st->faults_again = false;
    clock_spend(COST_FAULT);
    st->status = SIM_FAULTED;
    send(pd, pd->parent, st->info);
    kernel_abandon();
}

static struct sim_pd *child_of(const struct sim_pd *parent, unsigned id)
{
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        if (sim_system.pds[i].parent == parent && sim_system.pds[i].child == id) {
            return &sim_system.pds[i];
        }
    }
    fault_access(NO_CAPABILITY, 1, true); /* how libmicrokit crashes on the kernel's refusal */
}

void message_restart(unsigned child, uint64_t entry)
{
    struct sim_pd *pd = child_of(sim_current, child);

    if (entry != ENTRY) {
        run_fail("%s: restarts %s at 0x%lx, not at its start, 0x%x", sim_current->name, pd->name,
                 entry, ENTRY);
    }
    report_step("%s restarts %s", sim_current->name, pd->name);
    kernel_start(pd);
    clock_spend(COST_CALL);
}

void message_stop(unsigned child)
{
    struct sim_pd *pd = child_of(sim_current, child);

    report_step("%s stops %s", sim_current->name, pd->name);
    message_forget(pd);
    state_of(pd)->status = SIM_STOPPED;
    clock_spend(COST_CALL);
}
