/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages: protected procedure calls, and faults, which are calls that the kernel
 * makes in the name of a child. The sender joins the callers of the receiver until it
 * is received, and is then its client until it is answered. A receiver has one client:
 * one that it received before and did not answer stays where it is until its parent
 * starts it again. A receiver without a budget gets the sender's until it answers.
 */
#include "kernel.h"

#include <stddef.h>

static uint64_t length(uint64_t tag)
{
    uint64_t words = tag & 0x7f;

    return words < MAX_WORDS ? words : MAX_WORDS;
}

static void copy(struct pd *to, const struct pd *from, uint64_t tag)
{
    for (uint64_t i = 0; i < length(tag); i++) {
        to->message[i] = from->message[i];
    }
}

static void lend(struct pd *from, struct pd *to)
{
    to->budget = from->budget;
    from->budget = NULL;
}

/* Give the server the first of its callers; false if there is none. */
bool call_receive(struct pd *server)
{
    struct pd *client = server->callers;

    if (client == NULL) {
        return false;
    }
    list_remove(&server->callers, client);
    if (server->client != NULL) {
        server->client->waits_for = NULL;
    }
    server->client = client;
    if (server->budget == NULL) {
        lend(client, server);
    }
    if (client->state == PD_FAULTED) {
        client->tag = TAG(client->fault.kind, fault_message(client, server->message));
    } else {
        copy(server, client, client->tag);
    }
    server->regs.x[0] = client->badge;
    server->regs.x[1] = client->tag;
    return true;
}

static void join(struct pd *pd, struct pd *server, uint64_t badge)
{
    pd->badge = badge;
    pd->waits_for = server;
    list_insert(&server->callers, pd);
    if (server->state == PD_WAITING) {
        call_receive(server);
        sched_ready(server);
    }
}

void call(struct pd *pd, struct pd *server, uint64_t badge, uint64_t tag)
{
    pd->tag = tag;
    sched_block(pd, PD_CALLING);
    join(pd, server, badge);
}

void call_fault(struct pd *pd, struct pd *parent)
{
    sched_block(pd, PD_FAULTED);
    join(pd, parent, DEVKIT_BADGE_FAULT | pd->image->child);
}

/* Answer the client: the end of its call, or what becomes of one that faulted. */
void call_reply(struct pd *server, uint64_t tag)
{
    struct pd *client = server->client;

    if (client == NULL) {
        return;
    }
    server->client = NULL;
    client->waits_for = NULL;
    if (client->budget == NULL) {
        lend(server, client);
    }
    if (client->state == PD_CALLING) {
        copy(client, server, tag);
        client->regs.x[0] = 0;
        client->regs.x[1] = tag;
        sched_ready(client);
    } else if (tag >> 12 == 0) {
        fault_resume(client, server->message, length(tag));
        sched_ready(client);
    }
}

/* The PD's call or fault is over, without an answer. */
void call_cancel(struct pd *pd)
{
    struct pd *server = pd->waits_for;

    if (server == NULL) {
        return;
    }
    pd->waits_for = NULL;
    if (server->client == pd) {
        server->client = NULL;
    } else {
        list_remove(&server->callers, pd);
    }
}
