/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin for QEMU's code generator that counts guest instructions, exactly, each
 * where it lies, into a file that others may read while QEMU runs.
 *
 *     -plugin count.so,out=FILE[,watch=ADDRESS]...
 *
 * Each translated instruction gets an inline "add one" to a counter of its own, so
 * nothing is sampled. An instruction that takes an exception counts; how the
 * virtual clock runs does not matter. `watch` counts the executions of one address
 * (up to WATCHES), such as an exception vector.
 *
 * The key of a page is where it lies in QEMU's own memory, hence in the guest's
 * physical memory but for a constant, together with its virtual address; the
 * reader finds the constant from a page that it knows (measure.py).
 *
 * Debian ships no header for plugins, so the few declarations of the interface
 * (QEMU 7.2, "QEMU TCG Plugins", API version 1) stand here.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*translated)(qemu_plugin_id_t, struct qemu_plugin_tb *);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, translated);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, enum qemu_plugin_op,
                                                void *, uint64_t);
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);
EXPORT int qemu_plugin_version = 1;

#define PAGES      4096U
#define WATCHES    8U
#define PAGE_SHIFT 12
#define PAGE_WORDS 1024U

/* The file; measure.py reads it by the same layout. */
struct page {
    uint64_t host;              /* page number in QEMU's memory */
    uint64_t virtual;           /* page number in the guest's virtual memory */
    uint64_t count[PAGE_WORDS]; /* by instruction */
};

static struct file {
    char magic[8];
    uint64_t pages;
    uint64_t svc, wfi, barriers, cache_operations;
    struct {
        uint64_t address, count;
    } watch[WATCHES];
    struct page page[PAGES];
} * file;

static unsigned watches;
static unsigned slot_of[PAGES * 2]; /* open addressing; 0: free, else slot + 1 */

static struct page *page_for(uint64_t host, uint64_t virtual)
{
    uint64_t hash = (host * 0x9e3779b97f4a7c15U ^ virtual * 0xc2b2ae3d27d4eb4fU) >> 40;

    for (;; hash++) {
        unsigned *slot = &slot_of[hash % (PAGES * 2)];

        if (*slot == 0 && file->pages == PAGES) {
            fprintf(stderr, "count: more than %u pages of code\n", PAGES);
            abort();
        }
        if (*slot == 0) {
            file->page[file->pages].host = host;
            file->page[file->pages].virtual = virtual;
            *slot = (unsigned)++file->pages;
        }
        struct page *page = &file->page[*slot - 1];
        if (page->host == host && page->virtual == virtual) {
            return page;
        }
    }
}

static void count_into(struct qemu_plugin_insn *insn, uint64_t *counter)
{
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, counter, 1);
}

/* A64 encodings (Arm ARM C4.1): SVC; WFI and WFE; DMB, DSB and ISB; DC and IC. */
static uint64_t *kind_of(uint32_t opcode)
{
    if ((opcode & 0xffe0001fU) == 0xd4000001U) {
        return &file->svc;
    }
    if (opcode == 0xd503207fU || opcode == 0xd503205fU) {
        return &file->wfi;
    }
    if ((opcode & 0xfffff01fU) == 0xd503301fU) {
        return &file->barriers;
    }
    return (opcode & 0xfff8f000U) == 0xd5087000U ? &file->cache_operations : NULL;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        uint64_t host = (uint64_t)(uintptr_t)qemu_plugin_insn_haddr(insn);
        uint32_t opcode;

        memcpy(&opcode, qemu_plugin_insn_data(insn), sizeof opcode);
        struct page *page = page_for(host >> PAGE_SHIFT, address >> PAGE_SHIFT);
        count_into(insn, &page->count[address / sizeof opcode % PAGE_WORDS]);
        uint64_t *kind = kind_of(opcode);
        if (kind != NULL) {
            count_into(insn, kind);
        }
        for (unsigned w = 0; w < watches; w++) {
            if (file->watch[w].address == address) {
                count_into(insn, &file->watch[w].count);
            }
        }
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
    uint64_t addresses[WATCHES];
    const char *path = NULL;

    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            path = argv[i] + 4;
        } else if (strncmp(argv[i], "watch=", 6) == 0 && watches < WATCHES) {
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
    memcpy(file->magic, "QCOUNT02", sizeof file->magic);
    for (unsigned w = 0; w < watches; w++) {
        file->watch[w].address = addresses[w];
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}
