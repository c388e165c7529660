/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOADER     UINT64_C(0x70000000) /* where the image's loader lies and runs */
#define SYNC_ENTRY 0x400U /* in a vector table: from EL0, synchronous (Arm ARM D1.10.2) */

/* In the kernel's ELF file, whichever it has. */
static const char *const vectors[] = {"arm_vector_table", "vectors", NULL};
static const char *const interrupt[] = {"c_handle_interrupt", "irq_take", NULL};
static const char *const signal_[] = {"sendSignal", NULL}; /* where it can be told apart */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *content = NULL;
    size_t size = 0;

    if (file == NULL || getdelim(&content, &size, '\0', file) < 0) {
        free(content);
        content = calloc(1, 1);
    }
    if (file != NULL) {
        fclose(file);
    }
    return content;
}

/* ---- Composing ---- */

static const char *program_options(void)
{
    static char options[4 * BENCH_PATH];
    char *copy = strdup(settings.programs), *rest = copy, *directory;
    size_t length = 0;

    while ((directory = strsep(&rest, ":")) != NULL) {
        length += (size_t)snprintf(options + length, sizeof options - length, " --programs %s",
                                   directory);
    }
    free(copy);
    return options;
}

void guest_compose_file(const char *name, const char *path)
{
    const char *directory = text("%s/%s", settings.out, name);
    const char *command = text(
        "%s build %s --dtb %s --sdk %s --config %s%s -o %s >%s/build.log 2>&1", settings.quoll,
        path, settings.dtb, settings.sdk, settings.config, program_options(), directory, directory);

    mkdir(directory, 0755);
    if (system(command) != 0) {
        die("%s cannot be composed:\n%s", path, read_file(text("%s/build.log", directory)));
    }
}

void guest_compose(const char *name, const char *yaml)
{
    const char *directory = text("%s/%s", settings.out, name);
    const char *path = text("%s/system.yaml", directory);

    mkdir(directory, 0755);
    FILE *file = fopen(path, "w");

    if (file == NULL || fputs(yaml, file) < 0 || fclose(file) != 0) {
        die("%s: %s", path, strerror(errno));
    }
    guest_compose_file(name, path);
}

/* ---- Whose code lies where ---- */

static void add_owner(struct guest *guest, const char *name, uint64_t start, uint64_t size)
{
    if (guest->owners == GUEST_OWNERS) {
        die("more than %u protection domains", GUEST_OWNERS);
    }
    snprintf(guest->owner[guest->owners].name, sizeof guest->owner[0].name, "%s", name);
    guest->owner[guest->owners].physical =
        (struct elf_range){start, (start + size + 4095) & ~UINT64_C(4095)};
    guest->owners += 1;
}

/*
 * The report's lines: <Region name=PD-ELF NAME-NUMBER addr=0xSTART size=BYTES>. Since 2.3 they
 * say of pages where they lie in the image, and not where they get to: what programs execute
 * is then counted as one, beside the kernel's.
 */
static void read_report(struct guest *guest)
{
    const char *path = text("%s/report.txt", guest->directory);
    char *report = read_file(path), *rest = report, *line;
    bool unknown = strstr(report, "'frame_elf_") != NULL;
    unsigned long start, size;
    char name[32];

    while ((line = strsep(&rest, "\n")) != NULL) {
        char *region = strstr(line, "<Region name=PD-ELF ");

        if (region != NULL && sscanf(region, "<Region name=PD-ELF %31s addr=0x%lx size=%lu>", name,
                                     &start, &size) == 3) {
            *strrchr(name, '-') = '\0';
            add_owner(guest, name, start, size);
        }
    }
    free(report);
    if (guest->owners == OWNER_FIRST && !unknown) {
        die("%s names no program's region", path);
    }
}

static uint64_t known(const char *kernel, const char *const names[])
{
    uint64_t address = elf_address(kernel, names);

    if (address == 0) {
        die("%s has no symbol '%s'", kernel, names[0]);
    }
    return address;
}

static const char *kernel_path(void)
{
    return text("%s/board/qemu_virt_aarch64/%s/elf/sel4.elf", settings.sdk, settings.config);
}

static bool is_kernel(const struct guest *guest, uint64_t address)
{
    if (guest->is_linux) {
        return address >> 63 != 0;
    }
    for (unsigned i = 0; i < guest->kernel_ranges; i++) {
        if (address >= guest->kernel[i].start && address < guest->kernel[i].end) {
            return true;
        }
    }
    return false;
}

/* Page number in QEMU's memory minus page number in the guest's: the loader's first page shows. */
uint64_t guest_bias(const struct guest *guest)
{
    const struct count_file *file = guest->file;

    for (uint64_t p = 0; p < file->pages; p++) {
        if (file->page[p].virtual == LOADER >> COUNT_PAGE_SHIFT) {
            return file->page[p].host - file->page[p].virtual;
        }
    }
    if (!guest->is_linux) {
        die("the loader has not run");
    }
    return 0;
}

unsigned guest_owner_of(const struct guest *guest, const struct count_page *page, uint64_t bias)
{
    uint64_t physical = (page->host - bias) << COUNT_PAGE_SHIFT;

    if (is_kernel(guest, page->virtual << COUNT_PAGE_SHIFT)) {
        return OWNER_KERNEL;
    }
    if (guest->is_linux) {
        return OWNER_FIRST;
    }
    for (unsigned i = OWNER_FIRST; i < guest->owners; i++) {
        if (physical >= guest->owner[i].physical.start && physical < guest->owner[i].physical.end) {
            return i;
        }
    }
    return OWNER_OTHER;
}

/* ---- Booting ---- */

static void map_file(struct guest *guest, const char *path)
{
    int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    if (descriptor < 0 || ftruncate(descriptor, sizeof *guest->file) != 0) {
        die("%s: %s", path, strerror(errno));
    }
    guest->file = mmap(NULL, sizeof *guest->file, PROT_READ, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (guest->file == MAP_FAILED) {
        die("%s: %s", path, strerror(errno));
    }
}

static void run(struct guest *guest)
{
    const char *log = text("%s/console.log", guest->directory);
    int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    if (out < 0 || (guest->process = fork()) < 0) {
        die("%s: %s", log, strerror(errno));
    }
    if (guest->process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* however the tool ends, the emulator ends with it */
        dup2(open("/dev/null", O_RDONLY), 0);
        dup2(out, 1);
        dup2(out, 2);
        execl("/bin/sh", "sh", "-c", guest->command, (char *)NULL);
        _exit(127);
    }
    close(out);
}

static const char *counts_path(void)
{
    return text("/dev/shm/quoll-bench.%d", getpid());
}

static void start(struct guest *guest)
{
    const char *path = counts_path();

    map_file(guest, path);
    run(guest);
    double end = now() + 20;

    while (guest->file->magic != COUNT_MAGIC && now() < end) {
        guest_check(guest);
        nap();
    }
    unlink(path);
}

static void stop(struct guest *guest)
{
    kill(guest->process, SIGKILL);
    waitpid(guest->process, NULL, 0);
    munmap(guest->file, sizeof *guest->file);
}

static char *command(const char *what, const char *plugin_options)
{
    return strdup(text("exec %s %s -plugin %s/count.so,out=%s%s", settings.emulator, what,
                       settings.tools, counts_path(), plugin_options));
}

void guest_boot(struct guest *guest, const char *name, const char *options)
{
    *guest = (struct guest){.owners = OWNER_FIRST};
    snprintf(guest->directory, sizeof guest->directory, "%s/%s", settings.out, name);
    snprintf(guest->owner[OWNER_KERNEL].name, sizeof guest->owner[0].name, "kernel");
    snprintf(guest->owner[OWNER_OTHER].name, sizeof guest->owner[0].name, "other");
    read_report(guest);

    const char *kernel = kernel_path();

    guest->kernel_ranges = (unsigned)elf_segments(kernel, guest->kernel, 8);
    guest->command =
        command(text("-device loader,file=%s/loader.img,addr=0x%lx,cpu-num=0 %s", guest->directory,
                     LOADER, options),
                text(",watch=0x%lx,watch=0x%lx,watch=0x%lx", known(kernel, vectors) + SYNC_ENTRY,
                     known(kernel, interrupt), elf_address(kernel, signal_)));
    start(guest);
}

void guest_boot_again(struct guest *guest)
{
    stop(guest);
    start(guest);
}

void guest_boot_linux(struct guest *guest, const char *options)
{
    *guest = (struct guest){.owners = OWNER_FIRST, .is_linux = true};
    snprintf(guest->directory, sizeof guest->directory, "%s/linux", settings.out);
    mkdir(guest->directory, 0755);
    snprintf(guest->owner[OWNER_KERNEL].name, sizeof guest->owner[0].name, "kernel");
    snprintf(guest->owner[OWNER_OTHER].name, sizeof guest->owner[0].name, "other");
    add_owner(guest, "program", 0, 0);
    guest->command = command(
        text("-kernel %s/vmlinuz -initrd %s/initrd %s", settings.linux, settings.linux, options),
        "");
    start(guest);
}

void guest_end(struct guest *guest)
{
    stop(guest);
    free(guest->command);
    *guest = (struct guest){0};
}

/* ---- Waiting ---- */

char *guest_log(const struct guest *guest)
{
    return read_file(text("%s/console.log", guest->directory));
}

__attribute__((format(printf, 2, 3), noreturn)) static void complain(struct guest *guest,
                                                                     const char *format, ...)
{
    char *log = guest_log(guest), what[200];
    size_t length = strlen(log);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    kill(guest->process, SIGKILL);
    die("%s; it said:\n%s", what, log + (length > 2000 ? length - 2000 : 0));
}

void guest_check(struct guest *guest)
{
    int status;

    if (waitpid(guest->process, &status, WNOHANG) == guest->process) {
        complain(guest, "the emulator has ended, with status %d", status);
    }
}

void guest_wait_words(struct guest *guest, const char *words, unsigned seconds)
{
    double end = now() + seconds;

    for (;;) {
        char *log = guest_log(guest);
        bool said = strstr(log, words) != NULL;

        free(log);
        if (said) {
            return;
        }
        guest_check(guest);
        if (now() > end) {
            complain(guest, "the guest does not say '%s'", words);
        }
        nap();
    }
}

void guest_wait_marks(struct guest *guest, unsigned marks, unsigned seconds)
{
    double end = now() + seconds;

    while (__atomic_load_n(&guest->file->marks, __ATOMIC_ACQUIRE) < marks) {
        guest_check(guest);
        if (now() > end) {
            complain(guest, "the guest has passed %lu of %u marks", guest->file->marks, marks);
        }
        nap();
    }
}

/* ---- Looking ---- */

void guest_tally_now(const struct guest *guest, struct tally *tally)
{
    uint64_t bias = guest_bias(guest);

    *tally = (struct tally){.events = guest->file->events};
    for (uint64_t p = 0; p < guest->file->pages; p++) {
        const struct count_page *page = &guest->file->page[p];
        uint64_t *sum = &tally->by[guest_owner_of(guest, page, bias)];

        for (unsigned w = 0; w < COUNT_PAGE_WORDS; w++) {
            *sum += page->executed[w];
        }
    }
}

void guest_tally_mark(const struct guest *guest, unsigned number, struct tally *tally)
{
    const struct count_mark *mark = &guest->file->mark[number];
    uint64_t bias = guest_bias(guest);

    *tally = (struct tally){.events = mark->events};
    for (uint64_t p = 0; p < guest->file->pages; p++) {
        tally->by[guest_owner_of(guest, &guest->file->page[p], bias)] += mark->page[p];
    }
}

void tally_since(struct tally *tally, const struct tally *before)
{
    uint64_t *now_events = (uint64_t *)&tally->events;
    const uint64_t *old_events = (const uint64_t *)&before->events;

    for (unsigned i = 0; i < GUEST_OWNERS; i++) {
        tally->by[i] -= before->by[i];
    }
    for (unsigned i = 0; i < sizeof tally->events / sizeof *now_events; i++) {
        now_events[i] -= old_events[i];
    }
}

uint64_t tally_total(const struct guest *guest, const struct tally *tally)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < guest->owners; i++) {
        sum += tally->by[i];
    }
    return sum;
}

struct count_file *guest_copy(const struct guest *guest)
{
    struct count_file *copy = mmap(NULL, sizeof *copy, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (copy == MAP_FAILED) {
        die("no memory");
    }
    copy->pages = guest->file->pages;
    memcpy(copy->page, guest->file->page, copy->pages * sizeof copy->page[0]);
    return copy;
}

void guest_forget_copy(struct count_file *copy)
{
    munmap(copy, sizeof *copy);
}
