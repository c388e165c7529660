/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults: a protection domain did what it may not. Found by the check before an access
 * (checked programs) or by the host's MMU; told in the system's own names; delivered to
 * the parent in the message that seL4 would send on AArch64.
 */
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "diag.h"
#include "sim/include/microkit.h"
#include "sim/place.h"
#include "sim/process.h"
#include "sim/sim.h"

#define SYNDROME_BRK    0xf20003e8U /* of __builtin_trap(): brk #1000 (Arm DDI 0487, ESR_EL2) */
#define SYNDROME_WRITE  0x40U       /* WnR */
#define NEAR            0x10000U
#define X86_FAULT_WRITE 2U
#define HANG_TICKS      3U

/* What happened, from the signal handler to the program's stack. */
static struct sim_fault fault_now;

/* ---- In words ---- */

/* What is at an address that the protection domain may not touch, and why it may not. */
static void describe(const struct sim_pd *pd, const struct sim_fault *f, char *text, size_t size)
{
    uintptr_t at = (uintptr_t)f->at;
    struct sim_pd *owner;
    const struct sim_view *view = memory_view(at, &owner);

    if (view != NULL && owner == pd) {
        const char *why = view->region->is_device ? "not by mmio.h"
                          : f->size > view->region->size - (at - view->address)
                              ? "beyond its end"
                              : "which it may only read";
        snprintf(text, size, "'%s' + 0x%lx, %s", view->region->name, at - view->address, why);
        return;
    }
    if (view != NULL) {
        snprintf(text, size, "'%s' + 0x%lx, which is %s's view", view->region->name,
                 at - view->address, owner->name);
        return;
    }
    for (uintptr_t below = at; below > at - NEAR; below -= SIM_PAGE) {
        view = memory_view(below, &owner);
        if (view != NULL) {
            snprintf(text, size, "0x%lx, %lu bytes behind '%s'", at,
                     at - view->address - view->region->size, view->region->name);
            return;
        }
    }
    for (size_t i = 0; i < sim_system.pd_count; i++) {
        const struct sim_pd *other = &sim_system.pds[i];
        if (other != pd && (at - other->program->image_start < other->program->image_size ||
                            at - other->program->stack_start < other->program->stack_size)) {
            snprintf(text, size, "0x%lx, in the program of %s", at, other->name);
            return;
        }
    }
    snprintf(text, size, "0x%lx, where it has nothing", at);
}

static void tell(const struct sim_pd *pd, const struct sim_fault *f, char *text, size_t size)
{
    char what[160] = "gave up", place[160];

    if (f->signal == SIGSEGV || f->signal == SIGBUS || f->signal == 0) {
        int n = snprintf(what, sizeof what, "%s ",
                         f->fetch   ? "ran code at"
                         : f->write ? "wrote"
                                    : "read");
        describe(pd, f, what + n, sizeof what - (size_t)n);
    } else if (f->signal != SIGILL) {
        snprintf(what, sizeof what, "trapped: %s", strsignal(f->signal));
    }
    place_of_frames(pd, f->frames, f->frame_count, place, sizeof place);
    snprintf(text, size, "%s %s, at %s", pd->name, what, place);
}

/* ---- Delivery ---- */

static void deliver(struct sim_pd *pd, const struct sim_fault *f)
{
    uint64_t pc = f->pc - pd->program->image_start;

    if (f->signal == SIGILL) {
        message_fault(pd, seL4_Fault_VCPUFault, (uint64_t[]){SYNDROME_BRK}, 1);
    } else if (f->signal == SIGFPE || f->signal == SIGTRAP) {
        message_fault(pd, seL4_Fault_UserException, (uint64_t[]){pc, 0, 0, 0, 0}, 5);
    } else {
        uint64_t mr[] = {[seL4_VMFault_IP] = f->fetch ? f->pc : pc,
                         [seL4_VMFault_Addr] = (uintptr_t)f->at,
                         [seL4_VMFault_PrefetchFault] = f->fetch,
                         [seL4_VMFault_FSR] = f->write ? SYNDROME_WRITE : 0};
        message_fault(pd, seL4_Fault_VMFault, mr, 4);
    }
}

static _Noreturn void hangs(void)
{
    char place[160];

    place_of_frames(sim_current, fault_now.frames, 1, place, sizeof place);
    run_fail("%s: this wake-up does not come to an end, at %s", sim_current->name, place);
}

static _Noreturn void finish(void)
{
    struct sim_pd *pd = sim_current;
    char text[512];

    if (process_is_inside()) {
        process_tell_fault(&fault_now);
    }
    if (fault_now.hangs) {
        hangs();
    }
    clock_sync();
    tell(pd, &fault_now, text, sizeof text);
    if (sim_options.faults_fail || pd->parent == NULL) {
        deliver(pd, &fault_now);
        run_fail("%s", text);
    }
    report_fault(text);
    deliver(pd, &fault_now);
    kernel_abandon();
}

void fault_told(const struct sim_fault *fault)
{
    fault_now = *fault;
    if (fault_now.frame_count < 0 || fault_now.frame_count > SIM_FRAMES) {
        fault_now.frame_count = 0;
    }
    if (fault_now.hangs && clock_is_limited(sim_current)) {
        clock_spin();
    }
    finish();
}

void fault_access(const volatile void *at, uint64_t size, bool write)
{
    fault_now = (struct sim_fault){.at = at, .size = size, .write = write};
    fault_now.frame_count = backtrace(fault_now.frames, SIM_FRAMES);
    for (int i = 0; i < fault_now.frame_count; i++) {
        uintptr_t pc = (uintptr_t)fault_now.frames[i];
        if (pc - sim_current->program->image_start < sim_current->program->image_size) {
            fault_now.pc = pc;
            break;
        }
    }
    finish();
}

/* The frames from the one that was interrupted on: before it are the handler's. */
static void take_frames(uintptr_t pc)
{
    int count = backtrace(fault_now.frames, SIM_FRAMES), first = 0;

    while (first < count && (uintptr_t)fault_now.frames[first] != pc) {
        first++;
    }
    memmove(fault_now.frames, fault_now.frames + first,
            (size_t)(count - first) * sizeof fault_now.frames[0]);
    fault_now.frame_count = count - first;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    greg_t *regs = uc->uc_mcontext.gregs;
    struct sim_pd *pd = sim_current;
    uintptr_t pc = (uintptr_t)regs[REG_RIP];

    if (pd == NULL || device_busy()) { /* the simulator's own fault */
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(signal, &standard, NULL);
        return;
    }
    fault_now = (struct sim_fault){.signal = signal,
                                   .at = info->si_addr,
                                   .write = (regs[REG_ERR] & X86_FAULT_WRITE) != 0,
                                   .fetch = (uintptr_t)info->si_addr == pc && signal == SIGSEGV,
                                   .pc = pc};
    if (fault_now.fetch) {
        /* Nothing unwinds from there; who called is on the stack. */
        fault_now.frames[0] = *(unsigned char **)regs[REG_RSP] - 1;
        fault_now.frame_count = 1;
    } else {
        take_frames(pc);
    }
    /* What is left of the program's thread does the rest, on a stack that nobody needs. */
    regs[REG_RIP] = (greg_t)(uintptr_t)finish;
    regs[REG_RSP] = (greg_t)(uintptr_t)(pd->stack + pd->stack_size - 8U);
}

/* ---- Programs that spin without a word ---- */

/*
 * Each second of processor time: programs that are not checked show nothing in a loop, and
 * those that are, none in one that has nothing in it.
 */
static void on_tick(int signal, siginfo_t *info, void *context)
{
    static int64_t last_fuel;
    static unsigned same;
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    struct sim_pd *pd = sim_current;

    (void)signal, (void)info;
    if (pd == NULL || device_busy() || sim_fuel != last_fuel ||
        (uintptr_t)regs[REG_RIP] - pd->program->image_start >= pd->program->image_size) {
        last_fuel = sim_fuel;
        same = 0;
    } else if (++same == (pd->checked ? 1U : HANG_TICKS)) {
        fault_now =
            (struct sim_fault){.hangs = true, .pc = (uintptr_t)regs[REG_RIP], .frame_count = 1};
        fault_now.frames[0] = (void *)fault_now.pc;
        bool spins = pd->checked && clock_is_limited(pd) && !process_is_inside();
        regs[REG_RIP] = (greg_t)(uintptr_t)(spins ? clock_spin : finish);
        regs[REG_RSP] = (greg_t)(uintptr_t)(pd->stack + pd->stack_size - 8U);
    }
}

void fault_watch(void)
{
    struct sigaction action = {.sa_sigaction = on_tick,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    struct itimerval each_second = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};

    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &each_second, NULL);
}

void fault_install(void)
{
    static unsigned char stack[64 * 1024];
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    (void)backtrace((void *[1]){0}, 1); /* loads what it needs now, not in a handler */
    sigaltstack(&alternative, NULL);
    fault_watch();
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        sigaction(signals[i], &action, NULL);
    }
}
