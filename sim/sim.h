/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulator's own parts, and what they share.
 *
 *     system.c    the system file becomes protection domains, regions, devices
 *     memory.c    regions, views, I/O addresses; whose an address is
 *     program.c   a program in the simulator's process; its private memory
 *     gate.S      the way from a program into the simulator; calls.h: what it may ask for
 *     kernel.c    what the Microkit and seL4 do: threads, notifications, interrupts
 *     message.c   and: protected calls, faults, answers, restarts
 *     clock.c     virtual time, budgets, the devices' events
 *     fault.c     wrong accesses and traps: found, reported, delivered
 *     process.c   a process per protection domain
 *     access.c    what instrumented programs and register accessors call
 *     choice.c    every choice of a schedule, made, recorded, replayed
 *     run.c       one run from power-on
 *     watch.c     lost wake-ups in links
 *     explore.c   all schedules of a small system; explorers.c: by several processes
 *     shrink.c    a failing schedule made short
 *
 * What a system is (struct sim_system) is fixed once it is loaded. What happens to it is
 * all in struct sim_machine, in the regions, in the programs' private memory and stacks
 * and in the devices' states: saving those saves everything.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quoll/config.h>

#include "sim/device.h"
#include "sim/pd/abi.h"

#define SIM_MAX_PDS      63U
#define SIM_MAX_DEVICES  32U
#define SIM_MAX_THREADS  (SIM_MAX_PDS + SIM_MAX_DEVICES)
#define SIM_MAX_CHANNELS 62U
#define SIM_MAX_IRQS     288U
#define SIM_LATE_STORES  4U
#define SIM_NOBODY       0xffU
#define SIM_MAX_QUEUES   256U
#define SIM_PAGE         0x1000U
#define SIM_KERNEL_STACK (32U * 1024U)
#define SIM_WORDS        64U /* of a message */
#define SIM_FAULT_WORDS  5U
#define SIM_REFILLS      2U

/* ---- What the system is ---- */

struct sim_region {
    const char *name;
    uint64_t size;
    uint64_t offset;   /* in the simulator's memory */
    uint64_t physical; /* of registers; else the I/O address */
    uint64_t extent;   /* bytes from the start beyond which all are zero (checked programs) */
    bool is_changed;   /* since the last state was looked at */
    bool is_mapped;
    bool is_shared;              /* between protection domains */
    bool is_device;              /* registers: no memory behind it */
    bool is_dma;                 /* somebody was told its I/O address */
    bool is_counters;            /* only grows and decides nothing: not part of a state */
    uint16_t produces, consumes; /* of a link's half: number of the queue plus one (watch.c) */
};

struct sim_view {
    struct sim_region *region;
    uintptr_t address;
    bool writable;
};

struct sim_irq {
    unsigned number;
    unsigned channel;
    bool edge;
    struct sim_device *device; /* NULL: nothing is there */
    unsigned line;
};

struct sim_block { /* of memory that is a PD's own and written */
    unsigned char *start;
    size_t size;
    unsigned char *initial; /* its contents at power-on */
};

#define SIM_MAX_BLOCKS 4U

struct sim_pd {
    const char *name;
    const char *path;
    unsigned index;
    unsigned priority;
    uint64_t budget, period; /* ns */
    bool passive;
    struct sim_pd *parent; /* NULL: none */
    unsigned child;        /* its id with the parent */
    struct sim_view *views;
    size_t view_count;
    struct sim_irq *irqs;
    size_t irq_count;
    struct {
        struct sim_pd *peer; /* NULL: no channel */
        unsigned channel;    /* the peer's */
        bool notify, calls;
        uint16_t produces, consumes; /* the queues of this link, plus one (watch.c) */
    } channel[SIM_MAX_CHANNELS];
    /* The program. */
    void *handle;
    struct sim_program *program;
    const struct quoll_config *config; /* NULL: not one of Quoll's */
    bool checked;                      /* shows its accesses (sim/pd/access.c) */
    bool (*at_rest)(void);             /* sim_at_rest() of a test's program, or NULL */
    struct sim_block blocks[SIM_MAX_BLOCKS];
    size_t block_count;
    unsigned char *stack;
    size_t stack_size;
    struct sim_device *device;
    void **kernel_stack; /* its top, in an exhaustive search: see gate.S */
    bool is_changed;     /* restarted since the last state was looked at */
};

struct sim_system {
    struct sim_pd *pds;
    size_t pd_count;
    struct sim_region *regions;
    size_t region_count;
    struct sim_device devices[SIM_MAX_DEVICES];
    size_t device_count;
    bool has_messages; /* calls, or faults that a parent receives */

    /*
     * When time stands still (exhaustive search) nothing says when a device does what it
     * has to do: it is then a thread among the others, named as the device, which can run
     * whenever its event is due. Its index follows those of protection domains.
     */
    struct sim_pd actors[SIM_MAX_DEVICES];
};

extern struct sim_system sim_system;

/* ---- What has happened to it ---- */

enum sim_status { SIM_READY, SIM_WAITING, SIM_FAULTED, SIM_CALLING, SIM_STOPPED };

struct sim_late_store {
    volatile void *at;
    uint64_t value;
    uint32_t size;
};

struct sim_refill {
    uint64_t at, amount; /* so much may be used from then on */
};

struct sim_pd_state {
    void *sp;         /* saved while it does not run; NULL: it enters anew */
    void *program_sp; /* the program's own, if sp is the simulator's (snapshot.c) */
    uint64_t pending;
    uint64_t badge;    /* what it wakes up with */
    uint64_t since;    /* when it last woke up */
    uint64_t turn;     /* of its message, a call or a fault; 0: it has none, or it was received */
    uint64_t info;     /* of its message */
    uint64_t received; /* the info of the last message or answer to it */
    uint64_t fault[SIM_FAULT_WORDS];
    uint8_t status;
    uint8_t to, channel; /* who is to receive its message: index; and on which channel */
    uint8_t caller;      /* whom it owes an answer, index plus one; 0: nobody */
    bool faults_again;
    bool in_device; /* a choice is asked in the midst of an access to a device */
    uint8_t late_count;
    struct sim_late_store late[SIM_LATE_STORES];
};

struct sim_irq_state {
    bool level, latched, masked;
};

/* Of a queue: the indices that the other side has seen, or has been told to look for. */
struct sim_watch {
    uint32_t tail_known, head_known;
};

/* Of the budget; see clock.c. */
struct sim_account {
    uint64_t used; /* ns since the last settling */
    struct sim_refill refill[SIM_REFILLS];
    uint8_t refills;
};

struct sim_machine {
    uint64_t now;
    struct sim_pd_state pd[SIM_MAX_THREADS];
    struct sim_irq_state irq[SIM_MAX_PDS][QUOLL_MAX_INTERRUPTS];
    uint64_t event[SIM_MAX_DEVICES];
    struct sim_watch watch[SIM_MAX_QUEUES];
    uint64_t words[SIM_MAX_PDS][SIM_WORDS];
    uint64_t turn; /* of equals: rises with each that ran */
    uint64_t last_turn[SIM_MAX_THREADS];
    struct sim_account account[SIM_MAX_PDS];
};

extern struct sim_machine sim_machine;

/* ---- The run ---- */

enum sim_schedule { SIM_PRIORITY, SIM_RANDOM, SIM_EXHAUSTIVE, SIM_REPLAY };

struct sim_options {
    const char *directory, *system;
    enum sim_schedule schedule;
    uint64_t seed, runs;
    uint64_t until;   /* ns */
    bool faults_fail; /* any fault is a failure, not only one without a parent */
    bool violations_told; /* of devices' rules, instead of being failures */
    bool priorities;  /* respected though the schedule is not by priority */
    bool any_order;   /* priorities do not matter, as on several CPUs */
    bool weak;
    bool frozen; /* time passes only when all are asleep */
    bool pace;
    bool processes; /* one per protection domain: process.c */
    bool quiet;
    bool verbose;     /* each step */
    bool stops_now;   /* not while a failure is looked for or made short */
    bool stop;        /* for a debugger, at a failure */
    unsigned preempt; /* one in so many points */
    unsigned jobs;
    uint64_t max_states;
    uint64_t odd;        /* exhaustive: decisions other than the default, at most */
    uint64_t time_limit; /* s of real time; 0: none */
    const char *trace;   /* a schedule to replay */
    const char *keep;    /* where to write failing ones */
    struct {
        const char *name, *options;
    } device[SIM_MAX_DEVICES];
    size_t device_count;
};

extern struct sim_options sim_options;

/* How a run ended. */
struct sim_outcome {
    bool failed;
    char what[600]; /* the failure in words; its first line tells failures apart */
};

extern struct sim_outcome sim_outcome;
extern struct sim_pd *sim_current; /* NULL: the simulator itself or a device */

static inline struct sim_pd_state *state_of(const struct sim_pd *pd)
{
    return &sim_machine.pd[pd->index];
}

/* system.c, program.c, memory.c */
void system_load(const char *directory, const char *file);
void program_open(struct sim_pd *pd);
void program_poke(struct sim_pd *pd, void *at, const void *bytes, size_t size);
void program_keep(struct sim_pd *pd); /* its private memory, as it is now, is the initial one */
bool program_is_plain(const struct sim_pd *pd); /* no sanitizer is in it */
void program_reset(struct sim_pd *pd);          /* its private memory as at power-on */
void memory_create(void);
void memory_reset(void);
void memory_unshare(void); /* after fork(): a copy of its own */
void *memory_at(const struct sim_region *region);
/* The view at an address, whoever's; NULL: none. */
const struct sim_view *memory_view(uintptr_t address, struct sim_pd **owner);
/* Whether the current PD may. */
/* Whether accesses to it are points where others may come in between. */
bool memory_is_watched(const struct sim_region *region);
void memory_keep_views_of(const struct sim_pd *pd); /* in a process of its own */
bool memory_allows(const struct sim_pd *pd, uintptr_t address, uint64_t size, bool write);
void memory_changed(struct sim_region *region, uint64_t offset, uint64_t size);
void *memory_dma(uint64_t io, size_t size);

/* kernel.c */
void kernel_reset(void);
void kernel_signal(struct sim_pd *pd, unsigned channel);
void kernel_line(struct sim_pd *pd, size_t irq, bool level);
void kernel_start(struct sim_pd *pd); /* on a fresh stack */
void kernel_wake(struct sim_pd *pd);  /* if it waits, and there is something for it */
void kernel_enter(struct sim_pd *pd); /* likewise, as it is */
void kernel_go_on(struct sim_pd *pd); /* it has what it waited for */
bool kernel_runnable(struct sim_pd *pd);
void kernel_resume(struct sim_pd *pd); /* until it gives the processor back */
void kernel_yield(void);               /* from a PD's stack */
_Noreturn void kernel_abandon(void);   /* likewise, never to come back */
void kernel_flush(struct sim_pd *pd, unsigned count);
bool kernel_misused(bool wrong, const char *what, unsigned channel);

/* message.c */
void message_fault(struct sim_pd *pd, uint64_t label, const uint64_t *words, size_t count);
_Noreturn void message_fault_again(struct sim_pd *pd);
bool message_receive(struct sim_pd *pd); /* it waits: whether there was one for it */
void message_forget(struct sim_pd *pd);  /* what it called for, and whoever was to answer it */
struct sim_pd *message_payer(struct sim_pd *pd);

/* clock.c */
void clock_reset(void);
uint64_t clock_exact(void);
uint64_t clock_counter_since(uint64_t now, int64_t fuel);
bool clock_has_budget(struct sim_pd *pd);
bool clock_is_limited(struct sim_pd *pd); /* it stops nobody else for ever */
void clock_wake(struct sim_pd *pd);       /* it has waited until now */
void clock_grant(struct sim_pd *pd);      /* before it runs */
void clock_settle(struct sim_pd *pd);     /* after */
void clock_spend(uint64_t ns);            /* the current PD has done something */
_Noreturn void clock_spin(void);          /* it does nothing any more, and that for ever */
void clock_sync(void);                    /* bring now up to what the current PD has used */
void clock_shorten(uint64_t when);        /* something will happen then */
void clock_events(void);                  /* those that are due */
uint64_t clock_next(void);                /* when something happens by itself, or SIM_NEVER */
bool clock_advance(void);                 /* to it; false: nothing ever will */

/* device.c */
void device_create(void);
void device_power_on(void);
void device_stop(void);
bool device_watched(void);
bool device_poll(uint64_t timeout); /* ns */
bool device_busy(void);             /* a model's operation runs */
void device_event(struct sim_device *device);
void device_mmio(struct sim_pd *pd, uint64_t physical, uint64_t *value, unsigned size, bool write);
void device_timer(struct sim_pd *pd, unsigned which, uint64_t value);

/* fault.c */
#define SIM_FRAMES 16

struct sim_fault {
    int signal; /* 0: found by a check */
    const volatile void *at;
    uint64_t size; /* 0: not known */
    bool write, fetch, hangs;
    uintptr_t pc;
    void *frames[SIM_FRAMES];
    int frame_count;
};

void fault_install(void);
void fault_watch(void);                                   /* programs that spin without a word */
_Noreturn void fault_told(const struct sim_fault *fault); /* by its process */
_Noreturn void fault_access(const volatile void *at, uint64_t size, bool write);

/* choice.c: 0 is what happens by default. */
void choice_begin(void);
unsigned choice(const char *what, const char *who, unsigned count);
struct sim_pd *choice_next(void);    /* who runs now; NULL: nobody can */
void choice_preempt(void);           /* somebody of higher priority may have become ready */
void choice_point(const char *what); /* another PD may run in between */

/* run.c */
void run_power_on(void);
_Noreturn void run_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void run_note_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool run_rest(void); /* nobody runs: whether somebody will */
bool run_once(void); /* whether it went well */

/* watch.c */
extern size_t sim_queue_count;
void watch_create(void);
void watch_access(const struct sim_view *view, uintptr_t address, bool write);
void watch_signal(const struct sim_pd *pd, unsigned channel); /* it wakes its peer */
void watch_check(void);

/* explore.c, explorers.c */
int explore(void);
_Noreturn void explore_process(unsigned number); /* one of those that search, from 0 */
unsigned explore_ask(unsigned count, const char *what, const char *who);

/* report.c */
void report_output(const char *text);
void report_fault(const char *text);
void report_step_always(const char *format, ...) __attribute__((format(printf, 1, 2)));
void report_access_always(const struct sim_view *view, uintptr_t address, uint64_t size,
                          unsigned kind);
#define report_step(...)   (sim_options.verbose ? report_step_always(__VA_ARGS__) : (void)0)
#define report_access(...) (sim_options.verbose ? report_access_always(__VA_ARGS__) : (void)0)

/* switch.S, gate.S */
void sim_switch(void **save, void *load);

#endif
