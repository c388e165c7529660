/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin for QEMU's code generator that counts guest instructions, exactly, each
 * where it lies, into a file that others may read while QEMU runs (count.h).
 *
 *     -plugin count.so,out=FILE[,watch=ADDRESS]...[,only=N]
 *
 * Each translated instruction gets an inline "add one" to a counter of its own, so
 * nothing is sampled. An instruction that takes an exception counts; how the
 * virtual clock runs does not matter. `watch` counts the executions of one address
 * (up to COUNT_WATCHES), such as an exception vector. With `only`, counting begins
 * at mark N and ends at the next: for a look at each instruction of one case.
 *
 * Debian ships no header for plugins, so the few declarations of the interface
 * (QEMU 7.2, "QEMU TCG Plugins", API version 1) stand here.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "count.h"

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
typedef void (*translated)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*executed)(unsigned, void *);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, translated);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, enum qemu_plugin_op,
                                                void *, uint64_t);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, executed,
                                            enum qemu_plugin_cb_flags, void *);
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);
EXPORT int qemu_plugin_version = 1;

static struct count_file *file;
static unsigned watches;
static unsigned slot_of[COUNT_PAGES * 2]; /* open addressing; 0: free, else slot + 1 */
static uint64_t only = UINT64_MAX - 1;    /* the mark from which alone is counted */

static struct count_page *page_for(uint64_t host, uint64_t virtual)
{
    uint64_t hash = (host * 0x9e3779b97f4a7c15U ^ virtual * 0xc2b2ae3d27d4eb4fU) >> 40;

    for (;; hash++) {
        unsigned *slot = &slot_of[hash % (COUNT_PAGES * 2)];

        if (*slot == 0 && file->pages == COUNT_PAGES) {
            fprintf(stderr, "count: more than %u pages of code\n", COUNT_PAGES);
            abort();
        }
        if (*slot == 0) {
            file->page[file->pages].host = host;
            file->page[file->pages].virtual = virtual;
            *slot = (unsigned)++file->pages;
        }
        struct count_page *page = &file->page[*slot - 1];
        if (page->host == host && page->virtual == virtual) {
            return page;
        }
    }
}

/* ---- Marks ---- */

static void forget_counts(void)
{
    memset(&file->events, 0, sizeof file->events);
    for (uint64_t p = 0; p < file->pages; p++) {
        memset(file->page[p].executed, 0, sizeof file->page[p].executed);
    }
}

/* What is counted from now on goes to memory of our own and not to the file. */
static void leave_file(void)
{
    (void)mmap(file, sizeof *file, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
               -1, 0);
    file->pages = COUNT_PAGES / 2; /* room for new keys; what they say is of no use */
}

static void keep(struct count_mark *mark)
{
    mark->events = file->events;
    for (uint64_t p = 0; p < file->pages; p++) {
        const uint64_t *executed = file->page[p].executed;
        uint64_t sum = 0;

        for (unsigned w = 0; w < COUNT_PAGE_WORDS; w++) {
            sum += executed[w];
        }
        mark->page[p] = sum;
    }
}

static void on_mark(unsigned cpu, void *unused)
{
    uint64_t number = file->marks;

    (void)cpu, (void)unused;
    if (number == only) {
        forget_counts();
    }
    if (number < COUNT_MARKS) {
        keep(&file->mark[number]);
    }
    __atomic_store_n(&file->marks, number + 1, __ATOMIC_RELEASE);
    if (number == only + 1) {
        leave_file();
    }
}

/* ---- Translation ---- */

static void count_into(struct qemu_plugin_insn *insn, uint64_t *counter)
{
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, counter, 1);
}

/* A64 encodings (Arm ARM C4.1); MSR of TTBR0_EL1, TTBR0_EL2 and VTTBR_EL2 (D17.2). */
static uint64_t *kind_of(uint32_t opcode)
{
    uint32_t msr = opcode & 0xffffffe0U;

    if ((opcode & 0xffe0001fU) == 0xd4000001U) {
        return &file->events.system_calls;
    }
    if (opcode == 0xd503207fU || opcode == 0xd503205fU) {
        return &file->events.waits;
    }
    if ((opcode & 0xfffff01fU) == 0xd503301fU) {
        return &file->events.barriers;
    }
    if (msr == 0xd5182000U || msr == 0xd51c2000U || msr == 0xd51c2100U) {
        return &file->events.spaces;
    }
    return (opcode & 0xfff8f000U) == 0xd5087000U ? &file->events.cache : NULL;
}

static void on_instruction(struct qemu_plugin_insn *insn)
{
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    uint64_t host = (uint64_t)(uintptr_t)qemu_plugin_insn_haddr(insn);
    uint32_t opcode;

    memcpy(&opcode, qemu_plugin_insn_data(insn), sizeof opcode);
    struct count_page *page = page_for(host >> COUNT_PAGE_SHIFT, address >> COUNT_PAGE_SHIFT);
    uint64_t *kind = kind_of(opcode);

    count_into(insn, &page->executed[address / sizeof opcode % COUNT_PAGE_WORDS]);
    if (kind != NULL) {
        count_into(insn, kind);
    }
    for (unsigned w = 0; w < watches; w++) {
        if (file->watch[w] == address) {
            count_into(insn, &file->events.watched[w]);
        }
    }
    if (opcode == (0xd503201fU | BENCH_MARK_HINT << 5)) {
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_NO_REGS, NULL);
    }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        on_instruction(qemu_plugin_tb_get_insn(block, i));
    }
}

static int open_file(const char *path)
{
    int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

    if (descriptor < 0 || ftruncate(descriptor, sizeof *file) != 0) {
        perror(path);
        return -1;
    }
    file = mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (file == MAP_FAILED) {
        perror(path);
        return -1;
    }
    return 0;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    uint64_t addresses[COUNT_WATCHES];
    const char *path = NULL;

    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            path = argv[i] + 4;
        } else if (strncmp(argv[i], "only=", 5) == 0) {
            only = strtoull(argv[i] + 5, NULL, 0);
        } else if (strncmp(argv[i], "watch=", 6) == 0 && watches < COUNT_WATCHES) {
            addresses[watches++] = strtoull(argv[i] + 6, NULL, 0);
        } else {
            fprintf(stderr, "count: %s: unknown, or too many\n", argv[i]);
            return -1;
        }
    }
    if (path == NULL || open_file(path) != 0) {
        fprintf(stderr, "count: out=FILE is missing or cannot be written\n");
        return -1;
    }
    memcpy(file->watch, addresses, watches * sizeof addresses[0]);
    file->magic = COUNT_MAGIC;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}
