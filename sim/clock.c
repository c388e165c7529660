/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual time: nanoseconds since reset. It passes while protection domains run, as
 * their code does (basic blocks of checked programs, calls of all), and jumps to the
 * next event when all are asleep. So a run depends on nothing outside.
 *
 * A protection domain is given fuel up to whatever comes first: an event, or the end of
 * what it may use. Budgets are those of seL4's MCS kernel (reference manual, 6.1
 * "Scheduling Contexts"; a sporadic server): what was used comes back one period after it
 * began to be used, in at most SIM_REFILLS pieces, which is what the Microkit gives a
 * protection domain; of more, the last ones become one, as late as the last. With as much
 * budget as period, equals in priority take turns instead. A passive protection domain
 * uses its caller's.
 *
 * With --pace, time is also never behind the host's.
 */
#include <string.h>
#include <time.h>

#include "sim/calls.h"
#include "sim/process.h"
#include "sim/sim.h"

#define NS_PER_BLOCK 4           /* a few instructions of a CPU of 1 GHz */
#define NS_PER_TICK  16U         /* of the counter, 62.5 MHz */
#define HANG         5000000000U /* ns: a wake-up that takes this long does not end */
#define COST_COUNTER 20U
#define COST_SWITCH  1000U
#define ENDLESS      (INT64_C(1) << 40)
#define LEAST        20000U /* ns: a smaller piece is not worth a switch */

int64_t sim_fuel;

static int64_t granted;
static uint64_t real_start;

static uint64_t real_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void catch_up(void)
{
    uint64_t real = sim_options.pace ? real_now() - real_start : 0;

    if (real > sim_machine.now) {
        sim_machine.now = real;
    }
}

void clock_reset(void)
{
    real_start = real_now();
}

void clock_sync(void)
{
    uint64_t used = (uint64_t)(granted - sim_fuel) * NS_PER_BLOCK;

    granted = sim_fuel;
    if (sim_options.frozen) {
        return;
    }
    sim_machine.now += used;
    if (sim_current != NULL && sim_current->index < SIM_MAX_PDS) {
        sim_machine.account[message_payer(sim_current)->index].used += used;
    }
}

uint64_t sim_now(void)
{
    clock_sync();
    return sim_machine.now;
}

uint64_t clock_counter(void)
{
    clock_spend(COST_COUNTER);
    if (sim_options.pace) {
        catch_up();
    }
    return sim_now() / NS_PER_TICK;
}

/* ---- Budgets ---- */

/* Now, fuel that has been used but not counted yet included. */
uint64_t clock_exact(void)
{
    return sim_machine.now + (uint64_t)(granted - sim_fuel) * NS_PER_BLOCK;
}

/* The counter for a process, which was given `fuel` at `now`. */
uint64_t clock_counter_since(uint64_t now, int64_t fuel)
{
    sim_fuel -= COST_COUNTER / NS_PER_BLOCK;
    return (now + (uint64_t)(fuel - sim_fuel) * NS_PER_BLOCK) / NS_PER_TICK;
}

static bool limited(const struct sim_pd *pd)
{
    return pd->budget < pd->period && !sim_options.frozen && !sim_options.any_order;
}

static struct sim_account *account_of(const struct sim_pd *pd)
{
    return &sim_machine.account[pd->index];
}

bool clock_is_limited(struct sim_pd *pd)
{
    return limited(message_payer(pd));
}

bool clock_has_budget(struct sim_pd *pd)
{
    const struct sim_pd *payer = message_payer(pd);

    return !limited(payer) || account_of(payer)->refill[0].at <= sim_machine.now;
}

/* `amount` may be used again at `at`, behind all others. */
static void give_back(struct sim_account *account, uint64_t at, uint64_t amount)
{
    struct sim_refill *last = &account->refill[account->refills > 0 ? account->refills - 1U : 0U];

    if (account->refills == 0 || (account->refills < SIM_REFILLS && last->at + last->amount < at)) {
        account->refill[account->refills++] = (struct sim_refill){at, amount};
        return;
    }
    if (last->at + last->amount < at) {
        last->at = at - last->amount;
    }
    last->amount += amount;
}

static struct sim_refill take_first(struct sim_account *account)
{
    struct sim_refill first = account->refill[0];

    account->refills -= 1;
    memmove(account->refill, account->refill + 1, account->refills * sizeof first);
    return first;
}

/* What was used is taken from the first piece. */
static void settle(const struct sim_pd *pd)
{
    struct sim_account *account = account_of(pd);
    uint64_t used = account->used;

    account->used = 0;
    while (used > 0 && used >= account->refill[0].amount) {
        struct sim_refill first = take_first(account);
        used -= first.amount;
        give_back(account, first.at + pd->period, first.amount);
    }
    if (used > 0) {
        give_back(account, account->refill[0].at + pd->period, used);
        account->refill[0].amount -= used;
        account->refill[0].at += used;
    }
    while (account->refills > 1 && account->refill[0].amount < LEAST) {
        struct sim_refill first = take_first(account);
        account->refill[0].at -= first.amount;
        account->refill[0].amount += first.amount;
    }
}

/* Nothing is saved up: what could have been used before counts from now. */
void clock_wake(struct sim_pd *pd)
{
    struct sim_account *account = account_of(pd);
    struct sim_refill *first = &account->refill[0];

    if (!limited(pd)) {
        return;
    }
    clock_sync(); /* whoever wakes it has used some time; itself, if it goes to sleep */
    if (account->refills == 0) {
        give_back(account, sim_machine.now, pd->budget);
    }
    settle(pd);
    if (first->at > sim_machine.now) {
        return;
    }
    first->at = sim_machine.now;
    while (account->refills > 1 && account->refill[1].at <= first->at + first->amount) {
        uint64_t amount = take_first(account).amount;
        first->at = sim_machine.now;
        first->amount += amount;
    }
}

/* What `pd` may use now without a break. */
static uint64_t rest_of_budget(const struct sim_pd *pd)
{
    const struct sim_account *account = account_of(pd);
    uint64_t all = limited(pd) ? account->refill[0].amount : pd->budget;

    return account->used < all ? all - account->used : 0;
}

static void refuel(const struct sim_pd *payer)
{
    uint64_t event = clock_next();
    uint64_t time = rest_of_budget(payer);

    if (sim_options.frozen) {
        time = ENDLESS;
    } else if (event < sim_machine.now + time) {
        time = event > sim_machine.now ? event - sim_machine.now : 0;
    }
    granted = sim_fuel = (int64_t)(time / NS_PER_BLOCK) + 1;
}

void clock_grant(struct sim_pd *pd)
{
    if (pd->index < SIM_MAX_PDS && !process_is_inside()) {
        refuel(message_payer(pd));
    }
}

void clock_settle(struct sim_pd *pd)
{
    if (process_is_inside()) { /* the simulator does that */
        return;
    }
    clock_sync();
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        if (sim_machine.account[i].used > 0 && limited(&sim_system.pds[i])) {
            settle(&sim_system.pds[i]);
        }
    }
    (void)pd;
}

/* The budget that the current protection domain runs on is used up. */
static void end_budget(struct sim_pd *payer)
{
    if (limited(payer)) {
        report_step("%s has used up its budget", payer->name);
        kernel_yield();
        clock_spend(COST_SWITCH);
        return;
    }
    account_of(payer)->used = 0;
    kernel_yield();
}

void clock_out_of_fuel(void)
{
    struct sim_pd *pd = sim_current;

    if (pd == NULL) { /* a program's constructor, before power-on */
        granted = sim_fuel = ENDLESS;
        return;
    }
    clock_sync();
    struct sim_pd *payer = message_payer(pd);
    if ((sim_machine.now - state_of(pd)->since > HANG && !limited(payer)) || sim_options.frozen) {
        run_fail("%s: this wake-up does not come to an end", pd->name);
    }
    clock_events();
    if (rest_of_budget(payer) == 0 && !sim_options.any_order) {
        end_budget(payer);
        return;
    }
    if (rest_of_budget(payer) == 0) {
        account_of(payer)->used = 0;
    }
    refuel(payer);
    choice_preempt();
}

void clock_spin(void)
{
    for (;;) {
        sim_fuel = 0;
        clock_out_of_fuel();
    }
}

void clock_spend(uint64_t ns)
{
    sim_fuel -= (int64_t)(ns / NS_PER_BLOCK);
    if (sim_fuel <= 0 && sim_current != NULL) {
        clock_out_of_fuel();
    }
}

void clock_shorten(uint64_t when)
{
    uint64_t time = when > sim_machine.now ? when - sim_machine.now : 0;
    int64_t fuel = (int64_t)(time / NS_PER_BLOCK) + 1;

    if (sim_current != NULL && !sim_options.frozen && time < (uint64_t)ENDLESS && fuel < sim_fuel) {
        clock_sync();
        granted = sim_fuel = fuel;
    }
}

void clock_events(void)
{
    for (size_t i = 0; i < sim_system.device_count && !sim_options.frozen; i++) {
        struct sim_device *device = &sim_system.devices[i];
        if (sim_machine.event[i] <= sim_machine.now) {
            sim_machine.event[i] = SIM_NEVER;
            device_event(device);
        }
    }
}

uint64_t clock_next(void)
{
    uint64_t next = SIM_NEVER;

    for (size_t i = 0; i < sim_system.device_count; i++) {
        next = sim_machine.event[i] < next ? sim_machine.event[i] : next;
    }
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        struct sim_pd *pd = &sim_system.pds[i];
        if (state_of(pd)->status == SIM_READY && !clock_has_budget(pd)) {
            uint64_t at = account_of(message_payer(pd))->refill[0].at;
            next = at < next ? at : next;
        }
    }
    return next;
}

/* How long to wait for the host, in ns; SIM_NEVER: for ever. */
static uint64_t host_wait(uint64_t next)
{
    if (next == SIM_NEVER || !sim_options.pace) {
        return next == SIM_NEVER ? SIM_NEVER : 0;
    }
    uint64_t real = real_now() - real_start;

    return next <= real ? 0 : next - real;
}

bool clock_advance(void)
{
    uint64_t next = clock_next();
    bool watched = device_watched();

    if (next > sim_options.until && (!watched || next != SIM_NEVER)) {
        bool never = next == SIM_NEVER;
        sim_machine.now = never ? sim_machine.now : sim_options.until;
        return false;
    }
    if (watched || sim_options.pace) {
        bool input = device_poll(host_wait(next));
        catch_up();
        if (input || next == SIM_NEVER || (sim_options.pace && next > sim_machine.now)) {
            return true;
        }
    }
    if (next > sim_machine.now) {
        sim_machine.now = next;
    }
    return true;
}
