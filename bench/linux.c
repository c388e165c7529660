/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only program of the Linux that the block figures stand beside: does what
 * pd_block.c does, with io_uring and O_DIRECT. As /init of an initrd,
 *
 *     init OPERATION PATTERN SIZE DEPTH EVERY
 *
 * Linux gets what makes it cheap: registered buffers and file, all requests of a batch
 * submitted and at least one awaited by one system call, no elevator, no other program.
 *
 * Source: io_uring_setup(2), io_uring_enter(2), io_uring_register(2).
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "count.h"
#include "plan.h"

#define DEPTH_MAX 32U
#define FIRST     (UINT64_C(1) << 20) /* the disk's first partition, */
#define LENGTH    (UINT64_C(8) << 20) /* which is used as in pd_block.c */

static struct {
    int ring;
    unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
} uring;

static struct {
    bool write, sequential;
    unsigned size, depth, every;
    uint64_t asked, done;
    unsigned char *data;
} load;

static void must(bool good, const char *what)
{
    if (!good) {
        perror(what);
        for (;;) {
            pause();
        }
    }
}

static void load_module(const char *path)
{
    int module = open(path, O_RDONLY | O_CLOEXEC);

    must(module >= 0 && syscall(SYS_finit_module, module, "", 0) == 0, path);
    close(module);
}

static int open_disk(void)
{
    mkdir("/sys", 0755);
    must(mount("sysfs", "/sys", "sysfs", 0, NULL) == 0, "sysfs");
    FILE *file = fopen("/sys/block/vda/dev", "r");
    unsigned major, minor;

    must(file != NULL && fscanf(file, "%u:%u", &major, &minor) == 2, "vda");
    fclose(file);
    must(mknod("/disk", S_IFBLK | 0600, makedev(major, minor)) == 0, "mknod");
    file = fopen("/sys/block/vda/queue/scheduler", "w");
    must(file != NULL && fputs("none", file) >= 0 && fclose(file) == 0, "scheduler");
    int disk = open("/disk", O_RDWR | O_DIRECT);

    must(disk >= 0, "/disk");
    return disk;
}

static void *map(size_t size, uint64_t offset)
{
    void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, uring.ring,
                       (off_t)offset);

    must(place != MAP_FAILED, "mmap");
    return place;
}

static void set_up(int disk)
{
    struct io_uring_params p = {0};
    size_t size = (size_t)load.size * load.depth;

    uring.ring = (int)syscall(SYS_io_uring_setup, load.depth, &p);
    must(uring.ring >= 0, "io_uring_setup");
    unsigned char *sq = map(p.sq_off.array + p.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
    unsigned char *cq =
        map(p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);

    uring.sqes = map(p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    uring.sq_tail = (unsigned *)(sq + p.sq_off.tail);
    uring.sq_mask = (unsigned *)(sq + p.sq_off.ring_mask);
    uring.sq_array = (unsigned *)(sq + p.sq_off.array);
    uring.cq_head = (unsigned *)(cq + p.cq_off.head);
    uring.cq_tail = (unsigned *)(cq + p.cq_off.tail);
    uring.cq_mask = (unsigned *)(cq + p.cq_off.ring_mask);
    uring.cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
    load.data = aligned_alloc(65536, size);
    memset(load.data, 1, size);
    struct iovec all = {load.data, size};

    must(syscall(SYS_io_uring_register, uring.ring, IORING_REGISTER_BUFFERS, &all, 1) == 0,
         "register buffers");
    must(syscall(SYS_io_uring_register, uring.ring, IORING_REGISTER_FILES, &disk, 1) == 0,
         "register files");
}

static void ask(unsigned slot)
{
    uint64_t places = LENGTH / load.size;
    uint64_t place = load.sequential ? load.asked % places : block_place(load.asked, places);
    unsigned tail = *uring.sq_tail, at = tail & *uring.sq_mask;

    uring.sqes[at] = (struct io_uring_sqe){
        .opcode = load.write ? IORING_OP_WRITE_FIXED : IORING_OP_READ_FIXED,
        .flags = IOSQE_FIXED_FILE,
        .off = FIRST + place * load.size,
        .addr = (uint64_t)(uintptr_t)(load.data + (size_t)slot * load.size),
        .len = load.size,
        .user_data = slot,
    };
    uring.sq_array[at] = at;
    __atomic_store_n(uring.sq_tail, tail + 1, __ATOMIC_RELEASE);
    load.asked += 1;
}

static void run(void)
{
    unsigned fresh = load.depth;

    for (unsigned slot = 0; slot < load.depth; slot++) {
        ask(slot);
    }
    for (;;) {
        must(syscall(SYS_io_uring_enter, uring.ring, fresh, 1, IORING_ENTER_GETEVENTS, NULL, 0) ==
                 (long)fresh,
             "io_uring_enter");
        unsigned head = *uring.cq_head, tail = __atomic_load_n(uring.cq_tail, __ATOMIC_ACQUIRE);

        for (fresh = 0; head != tail; head++, fresh++) {
            const struct io_uring_cqe *done = &uring.cqes[head & *uring.cq_mask];

            must(done->res == (int)load.size, "transfer");
            load.done += 1;
            if (load.done % load.every == 0) {
                BENCH_MARK();
            }
            ask((unsigned)done->user_data);
        }
        __atomic_store_n(uring.cq_head, head, __ATOMIC_RELEASE);
    }
}

int main(int argc, char **argv)
{
    must(argc == 6, "arguments");
    load.write = strcmp(argv[1], "write") == 0;
    load.sequential = strcmp(argv[2], "sequential") == 0;
    load.size = (unsigned)atoi(argv[3]);
    load.depth = (unsigned)atoi(argv[4]);
    load.every = (unsigned)atoi(argv[5]);
    must(load.depth <= DEPTH_MAX, "depth");
    load_module("/virtio_mmio.ko");
    load_module("/virtio_blk.ko");
    set_up(open_disk());
    run();
}
