/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's model of the device, on its machine "virt": registers are reached through the
 * agent that its processor runs (agent.h), memory is a file that both map. An interrupt
 * line is read as the GIC's pending bit, which follows the line while it is configured as
 * a level. Time is real.
 *
 * With QEMU's own qtest protocol the processor would not run, and its timer could not be
 * tested.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "machine.h"

#define GIC_PENDING 0x08000200U /* GICD_ISPENDR0 */
#define SPI(n)      (32U + (n))
#define PPI(n)      (16U + (n))
#define START_MS    20000
#define MOST_WORDS  40U

extern const unsigned char agent_image[], agent_image_end[];

/* Where the board has the devices, and how they are plugged in. */
static const struct place {
    const char *compatible, *class_name;
    uint32_t registers;
    unsigned interrupt;
} places[] = {
    {"arm,pl011", "serial", 0x09000000, SPI(1)},
    {"arm,armv8-timer", "timer", 0, PPI(14)},
    {"virtio,mmio", "net", 0x0a000000, SPI(16)},
    {"virtio,mmio", "block", 0x0a000000, SPI(16)},
};

static const struct place *place;
static pid_t child;
static char output_file[64];

static struct agent_mailbox *box(void)
{
    return (struct agent_mailbox *)(void *)(machine_ram + AGENT_MAILBOX);
}

static uint64_t real_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void ask(enum agent_operation operation, uint64_t address, uint64_t value, unsigned size)
{
    struct agent_mailbox *b = box();
    uint64_t start = real_ns();

    b->operation = operation;
    b->address = address;
    b->value = value;
    b->size = size;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    b->asked += 1U;
    for (unsigned n = 1; b->answered != b->asked; n++) {
        if (n % 1024U == 0) {
            (void)sched_yield();
        }
        if (n % 65536U == 0 && (real_ns() - start) / 1000000U > START_MS) {
            (void)fprintf(stderr, "QEMU does not answer\n");
            abort();
        }
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* ---- Starting ---- */

static const struct place *find(const struct quoll_driver *driver)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        for (size_t j = 0; j < sizeof driver->compatible / sizeof driver->compatible[0]; j++) {
            if (strcmp(places[i].compatible, driver->compatible[j]) == 0 &&
                strcmp(places[i].class_name, driver->class_name) == 0) {
                return &places[i];
            }
        }
    }
    (void)fprintf(stderr, "QEMU's machine has no '%s', as far as the test knows\n",
                  driver->compatible[0]);
    exit(2);
}

static _Noreturn void run(const struct machine_plugs *plugs)
{
    static char memory[128], serial[96], wire[64], disk[512];
    const char *words[MOST_WORDS] = {"qemu-system-aarch64",
                                     "-nodefaults",
                                     "-display",
                                     "none",
                                     "-cpu",
                                     "cortex-a53",
                                     "-machine",
                                     "virt,memory-backend=ram",
                                     "-m",
                                     "64M",
                                     "-global",
                                     "virtio-mmio.force-legacy=false",
                                     "-device",
                                     "loader,addr=0x40200000,cpu-num=0"};
    unsigned n = 14;

    (void)snprintf(memory, sizeof memory,
                   "memory-backend-file,id=ram,size=64M,share=on,mem-path=%s", machine_ram_file);
    words[n++] = "-object";
    words[n++] = memory;
    (void)snprintf(serial, sizeof serial, "file:%s", output_file);
    words[n++] = "-serial";
    words[n++] = serial;
    if (plugs->wire >= 0) {
        (void)snprintf(wire, sizeof wire, "dgram,id=wire,local.type=fd,local.str=%d", plugs->wire);
        words[n++] = "-netdev";
        words[n++] = wire;
        words[n++] = "-device";
        words[n++] = "virtio-net-device,netdev=wire,bus=virtio-mmio-bus.0,mac=52:54:00:12:34:56";
    } else if (plugs->disk != NULL) {
        (void)snprintf(disk, sizeof disk,
                       "if=none,id=disk,format=raw,discard=unmap,readonly=%s,file=%s",
                       plugs->readonly ? "on" : "off", plugs->disk);
        words[n++] = "-drive";
        words[n++] = disk;
        words[n++] = "-device";
        words[n++] = "virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0";
    }
    (void)execvp(words[0], (char *const *)words);
    (void)fprintf(stderr, "%s: %s\n", words[0], strerror(errno));
    _exit(127);
}

static void power_on(const struct quoll_driver *driver, const struct machine_plugs *plugs)
{
    place = find(driver);
    memset(machine_ram, 0, MACHINE_ARENA);
    memcpy(machine_ram + AGENT_CODE, agent_image, (size_t)(agent_image_end - agent_image));
    (void)snprintf(output_file, sizeof output_file, "/tmp/quoll-serial-XXXXXX");
    int fd = mkstemp(output_file);

    if (fd >= 0) {
        (void)close(fd);
    }
    child = fork();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        run(plugs);
    }
    ask(AGENT_READ, GIC_PENDING, 0, 4); /* waits until it is there */
}

static void power_off(void)
{
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        (void)unlink(output_file);
        child = 0;
    }
}

/* ---- Accesses ---- */

static uint64_t read_register(uint32_t offset, unsigned size)
{
    ask(AGENT_READ, place->registers + offset, 0, size);
    return box()->value;
}

static void write_register(uint32_t offset, uint64_t value, unsigned size)
{
    ask(AGENT_WRITE, place->registers + offset, value, size);
}

static void write_timer(unsigned which, uint64_t value)
{
    ask(which == 0 ? AGENT_WRITE_CONTROL : AGENT_WRITE_COMPARE, 0, value, 8);
}

static bool line(unsigned interrupt)
{
    unsigned number = place->interrupt + interrupt;

    ask(AGENT_READ, GIC_PENDING + number / 32U * 4U, 0, 4);
    return (box()->value >> number % 32U & 1U) != 0;
}

static uint64_t now(void)
{
    line(0);
    return box()->ticks * MACHINE_TICK_NS;
}

/* Looks often: what is waited for comes within microseconds. */
static void pass(uint64_t ns)
{
    uint64_t end = real_ns() + ns;

    while (!line(0) && real_ns() < end) {
        const struct timespec little = {.tv_nsec = 20000};

        (void)nanosleep(&little, NULL);
    }
}

static size_t output(char *text, size_t size)
{
    int fd = open(output_file, O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, text, size);

    if (fd >= 0) {
        (void)close(fd);
    }
    return n < 0 ? 0 : (size_t)n;
}

const struct machine machine_qemu = {
    .name = "qemu",
    .power_on = power_on,
    .power_off = power_off,
    .read = read_register,
    .write = write_register,
    .write_timer = write_timer,
    .now = now,
    .pass = pass,
    .line = line,
    .output = output,
};
