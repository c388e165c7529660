/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace: a plugin for QEMU's code generator that counts instructions and follows
 * the development kernel in and out, into a file for viewers of Chrome's trace format.
 *
 *     -plugin trace.so,out=FILE,vectors=ADDRESS,...[,last=INSTRUCTIONS]
 *
 * The kernel knows nothing of it and is the one that runs without it: what happened is
 * read off its data, in the guest's memory, when it is left. `instruments` starts it
 * and knows the addresses, which are those of the kernel's symbols.
 *
 * Time is the number of instructions executed since the machine was started, one as a
 * nanosecond; while the system is idle none are. It does not depend on the host, so
 * that with -icount two runs give the same file.
 *
 * Debian ships no header for plugins, so the few declarations of the interface (QEMU
 * 7.2, "QEMU TCG Plugins", API version 1) stand here. Format: "Trace Event Format",
 * complete (X), instant (i) and metadata (M) events.
 */
#include "kernel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
typedef void (*translated)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*executed)(unsigned, void *);
typedef void (*finished)(qemu_plugin_id_t, void *);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, translated);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, finished, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, enum qemu_plugin_op,
                                                void *, uint64_t);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, executed,
                                            enum qemu_plugin_cb_flags, void *);
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);
EXPORT int qemu_plugin_version = 1;

/* Rows of the picture; PD i has row ROW_PDS + i. */
enum { ROW_KERNEL, ROW_IDLE, ROW_PDS };

/* What the kernel was entered for. */
enum entry { ENTRY_NONE, ENTRY_SYSCALL, ENTRY_FAULT, ENTRY_INTERRUPT };

/* Where callbacks are, by symbol of the kernel. */
enum point { FROM_PD, INTERRUPTED, IDLE_INTERRUPTED, SYSCALL, FAULT, INTERRUPT, LEAVE, IDLE };
static const char *const point_names[] = {
    "from_pd",      "interrupted",      "idle_interrupted", "kernel_syscall",
    "kernel_fault", "kernel_interrupt", "return_to_pd",     "idle",
};
#define POINTS (sizeof point_names / sizeof *point_names)

static uint64_t points[POINTS], address_of_pds, address_of_current, address_of_system;
static uint64_t last = UINT64_MAX;

static FILE *out;
static uint64_t instructions;
static const char *kernel_memory; /* guest's KERNEL_PHYSICAL, in QEMU */

static enum entry entry;
static uint64_t entered, left; /* when */
static char what[64];          /* the kernel does */
static unsigned ran;           /* the row that ran before */
static struct pd before[MAX_PDS];

/* ---- The guest's memory ---- */

static const void *kernel_data(uint64_t address)
{
    return kernel_memory + (address - KERNEL_OFFSET - KERNEL_PHYSICAL);
}

static const struct pd *pd_at(unsigned index)
{
    return (const struct pd *)kernel_data(address_of_pds) + index;
}

static const struct system *the_system(void)
{
    return kernel_data(address_of_system);
}

static unsigned current_index(void)
{
    uint64_t address = *(const uint64_t *)kernel_data(address_of_current);

    return (unsigned)((address - address_of_pds) / sizeof(struct pd));
}

static const char *row_name(unsigned row)
{
    if (row >= ROW_PDS) {
        return the_system()->pds[row - ROW_PDS].name;
    }
    return row == ROW_IDLE ? "idle" : "kernel";
}

/* ---- The file ---- */

#define NS       "%" PRIu64 ".%03" PRIu64
#define AT(time) (time) / 1000, (time) % 1000

static void write_stretch(unsigned row, const char *name, uint64_t from, uint64_t to)
{
    fprintf(out,
            ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":%u,\"name\":\"%s\",\"ts\":" NS ",\"dur\":" NS "}",
            row, name, AT(from), AT(to - from));
}

static void write_instant(unsigned row, const char *name, const char *key, const char *value)
{
    fprintf(out,
            ",\n{\"ph\":\"i\",\"s\":\"t\",\"pid\":1,\"tid\":%u,\"name\":\"%s\",\"ts\":" NS
            ",\"args\":{\"%s\":\"%s\"}}",
            row, name, AT(instructions), key, value);
}

static void write_row_name(unsigned row, bool first)
{
    fprintf(out,
            "%s\n{\"ph\":\"M\",\"pid\":1,\"tid\":%u,\"name\":\"thread_name\","
            "\"args\":{\"name\":\"%s\"}}",
            first ? "" : ",", row, row_name(row));
}

static void begin_file(void)
{
    fprintf(out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
    for (unsigned row = 0; row < ROW_PDS + the_system()->pd_count; row++) {
        write_row_name(row, row == 0);
    }
}

static void end_file(qemu_plugin_id_t id, void *unused)
{
    (void)id, (void)unused;
    if (out != NULL && kernel_memory != NULL) {
        fprintf(out, "\n]}\n");
    }
    if (out != NULL) {
        fclose(out);
    }
    out = NULL;
}

/* ---- What happened ---- */

static const char *const syscalls[] = {"send and wait",  "wait", "send",  "answer and wait",
                                       "call",           "put",  "yield", "write registers",
                                       "read registers", "stop", "time"};

static void name_syscall(const struct pd *pd)
{
    static const uint8_t order[] = {
        [DEVKIT_SEND_RECEIVE] = 0,  [DEVKIT_RECEIVE] = 1,   [DEVKIT_SEND] = 2,
        [DEVKIT_REPLY_RECEIVE] = 3, [DEVKIT_CALL] = 4,      [DEVKIT_PUT] = 5,
        [DEVKIT_YIELD] = 6,         [DEVKIT_TCB_WRITE] = 7, [DEVKIT_TCB_READ] = 8,
        [DEVKIT_TCB_SUSPEND] = 9,   [DEVKIT_TCB_TIME] = 10};
    uint64_t number = pd->regs.x[7];

    if (number >= DEVKIT_SEND && number <= DEVKIT_TCB_TIME) {
        snprintf(what, sizeof what, "%s", syscalls[order[number]]);
    } else {
        snprintf(what, sizeof what, "system call %#" PRIx64, number);
    }
}

/* The interrupt is the one whose notification is new; if there is none, it was the
 * kernel's own timer. */
static void name_interrupt(void)
{
    snprintf(what, sizeof what, "timer");
    for (unsigned i = 0; i < MAX_IRQS; i++) {
        const struct irq_image *irq = &the_system()->irqs[i];
        uint64_t bit = 1ULL << irq->channel;
        const struct pd *now = pd_at(irq->pd), *then = &before[irq->pd];
        bool woken = then->state == PD_WAITING && now->state == PD_READY;
        if (irq->used && ((now->pending & ~then->pending & bit) != 0 ||
                          (woken && (now->regs.x[0] & bit) != 0))) {
            snprintf(what, sizeof what, "interrupt %u", i);
        }
    }
}

static void write_change(unsigned index)
{
    static const char *const ends[] = {[PD_STOPPED] = "stopped",
                                       [PD_READY] = "woken",
                                       [PD_WAITING] = "waits",
                                       [PD_CALLING] = "calls",
                                       [PD_FAULTED] = "faulted"};
    const struct pd *now = pd_at(index), *then = &before[index];
    const char *by = entry == ENTRY_INTERRUPT ? what : row_name(ran);

    if (now->state != then->state) {
        write_instant(ROW_PDS + index, ends[now->state], "by", by);
    } else if (now->place != then->place) {
        write_instant(ROW_PDS + index, now->place == ASLEEP ? "out of budget" : "refilled", "by",
                      by);
    }
}

static void remember(void)
{
    memcpy(before, pd_at(0), sizeof before);
}

static void leave_to(unsigned row)
{
    if (entry == ENTRY_INTERRUPT) {
        name_interrupt();
    }
    if (entry != ENTRY_NONE) {
        write_stretch(ROW_KERNEL, what, entered, instructions);
    }
    for (unsigned i = 0; i < the_system()->pd_count; i++) {
        write_change(i);
    }
    if (row != ran) {
        write_instant(ROW_KERNEL, "switch", "to", row_name(row));
    }
    ran = row;
    left = instructions;
    entry = ENTRY_NONE;
}

static void enter(enum entry kind)
{
    entry = kind;
    remember();
    if (kind == ENTRY_SYSCALL) {
        name_syscall(pd_at(current_index()));
    } else if (kind == ENTRY_FAULT) {
        snprintf(what, sizeof what, "fault");
    }
}

static void on_point(unsigned cpu, void *data)
{
    enum point point = (enum point)(uintptr_t)data;

    (void)cpu;
    if (out == NULL || instructions > last) {
        end_file(0, NULL);
        return;
    }
    switch (point) {
    case FROM_PD:
    case INTERRUPTED:
    case IDLE_INTERRUPTED:
        entered = instructions;
        write_stretch(ran, row_name(ran), left, entered);
        break;
    case SYSCALL:
        enter(ENTRY_SYSCALL);
        break;
    case FAULT:
        enter(ENTRY_FAULT);
        break;
    case INTERRUPT:
        enter(ENTRY_INTERRUPT);
        break;
    case LEAVE:
        leave_to(ROW_PDS + current_index());
        break;
    case IDLE:
        leave_to(ROW_IDLE);
        fflush(out);
        break;
    }
}

/* ---- Coming up ---- */

static void on_instruction(struct qemu_plugin_insn *insn)
{
    uint64_t address = qemu_plugin_insn_vaddr(insn);

    for (unsigned i = 0; i < POINTS; i++) {
        if (points[i] != address) {
            continue;
        }
        if (kernel_memory == NULL) {
            kernel_memory = (const char *)qemu_plugin_insn_haddr(insn) -
                            (address - KERNEL_OFFSET - KERNEL_PHYSICAL);
            begin_file();
        }
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_point, QEMU_PLUGIN_CB_NO_REGS,
                                               (void *)(uintptr_t)i);
    }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        on_instruction(insn);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &instructions,
                                                   1);
    }
}

static uint64_t *find_number(const char *name)
{
    const struct {
        const char *name;
        uint64_t *value;
    } others[] = {{"pds", &address_of_pds},
                  {"current", &address_of_current},
                  {"system", &address_of_system},
                  {"last", &last}};

    for (unsigned i = 0; i < POINTS; i++) {
        if (strcmp(name, point_names[i]) == 0) {
            return &points[i];
        }
    }
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(name, others[i].name) == 0) {
            return others[i].value;
        }
    }
    return NULL;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value == NULL) {
            return -1;
        }
        *value++ = '\0';
        uint64_t *number = find_number(argv[i]);
        if (number != NULL) {
            *number = strtoumax(value, NULL, 0);
        } else if (strcmp(argv[i], "out") == 0) {
            out = fopen(value, "w");
        }
    }
    if (out == NULL) {
        fprintf(stderr, "trace: out= names no file that can be written\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, end_file, NULL);
    return 0;
}
