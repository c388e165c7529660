/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instruments: boots an image of the development SDK and traces it.
 *
 * The emulated clock counts instructions, so that a run is the same each time. The trace
 * is a plugin of the emulator (trace.c), which is told where the kernel's functions and
 * data lie; the kernel is the same as without.
 */
#include "diag.h"
#include "elf_file.h"
#include "text.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOARD        "board/qemu_virt_aarch64"
#define INSTRUMENTED "instruments: " /* is in a kernel that injects faults */
#define TRACE_END    "\n]}\n"
#define WORDS_MAX    256

struct arguments {
    const char *image;
    const char *config;
    const char *trace;
    uint64_t last;
    double seconds;
    char **rest; /* for the emulator */
};

static volatile pid_t emulator;

static void print_usage(FILE *out)
{
    (void)fputs("usage: instruments IMAGE [--config CONFIG] [--trace FILE [--last N]] "
                "[--seconds S] [-- QEMU-ARGUMENT...]\n\n"
                "  --trace FILE  write what the kernel does, in Chrome's trace format, for\n"
                "                chrome://tracing or ui.perfetto.dev; times are instructions\n"
                "                (1 as 1 ns)\n"
                "  --last N      end the trace after N instructions\n"
                "  --seconds S   end the run then, by the host's clock\n"
                "  --config      of the kernel in the image: debug (default), release, benchmark\n",
                out);
}

static double positive(const char *option, const char *word)
{
    char *end;
    double value = strtod(word, &end);

    if (end == word || *end != '\0' || !(value > 0) || !isfinite(value)) {
        diag_fatal("--%s: '%s' is not a number above 0", option, word);
    }
    return value;
}

static void take(struct arguments *a, int option)
{
    switch (option) {
    case 'i':
        a->image = optarg;
        break;
    case 'c':
        a->config = optarg;
        break;
    case 't':
        a->trace = optarg;
        break;
    case 'l':
        a->last = (uint64_t)positive("last", optarg);
        break;
    case 's':
        a->seconds = positive("seconds", optarg);
        break;
    case 'h':
        print_usage(stdout);
        exit(0);
    default:
        print_usage(stderr);
        exit(1);
    }
}

static struct arguments parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"trace", required_argument, NULL, 't'},
        {"last", required_argument, NULL, 'l'},   {"seconds", required_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    struct arguments a = {.config = "debug", .last = (uint64_t)1 << 63};
    int option;

    /* '-': what is no option comes as the option 1, wherever it stands; "--" ends them. */
    while ((option = getopt_long(argc, argv, "-h", options, NULL)) != -1) {
        if (option == 1 && a.image != NULL) {
            diag_fatal("there is one image; what is for the emulator comes after '--'");
        }
        take(&a, option == 1 ? 'i' : option);
    }
    if (a.image == NULL) {
        print_usage(stderr);
        diag_fatal("an image is missing, as 'microkit' makes it");
    }
    a.rest = &argv[optind];
    return a;
}

/* Where this SDK is: above the bin that this program is in. */
static const char *find_sdk(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    if (length < 0) {
        diag_fatal("cannot find the SDK around this program");
    }
    path[length] = '\0';
    return text_format("%s", dirname(dirname(path)));
}

static char *read_file(const char *path, size_t *size)
{
    char *bytes = text_file(path, size);

    if (bytes == NULL) {
        diag_fatal("cannot read '%s': %s", path, strerror(errno));
    }
    return bytes;
}

/* ---- The trace ---- */

static const char *kernel_of(const char *sdk, const struct arguments *a)
{
    size_t size;
    char *image = read_file(a->image, &size);
    bool injects = memmem(image, size, INSTRUMENTED, strlen(INSTRUMENTED)) != NULL;

    return text_format("%s/" BOARD "/%s/elf/%s.elf", sdk, a->config,
                       injects ? "instruments" : "sel4");
}

static const char *plugin(const char *sdk, const struct arguments *a)
{
    static const char *const names[] = {
        "from_pd",      "interrupted",      "idle_interrupted", "kernel_syscall",
        "kernel_fault", "kernel_interrupt", "return_to_pd",     "idle",
        "pds",          "current",          "system",
    };
    const char *kernel = kernel_of(sdk, a), *why;
    struct elf_file *elf = elf_file_open(kernel, &why);
    struct elf_symbol symbol;

    if (elf == NULL) {
        diag_fatal("%s: %s", kernel, why);
    }
    const char *text = text_format("%s/bin/trace.so,out=%s,last=%#llx", sdk, a->trace,
                                   (unsigned long long)a->last);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!elf_file_symbol(elf, names[i], &symbol)) {
            diag_fatal("%s: there is no '%s' in it", kernel, names[i]);
        }
        text = text_format("%s,%s=%#llx", text, names[i], (unsigned long long)symbol.address);
    }
    elf_file_close(elf);
    return text;
}

/* An idle emulator with this clock can only be killed; the trace has no end then. */
static void complete(const char *path)
{
    size_t size, end = strlen(TRACE_END);
    char *trace = read_file(path, &size);

    if (size >= end && memcmp(trace + size - end, TRACE_END, end) != 0) {
        const char *last = memrchr(trace, '\n', size);

        while (last != NULL && last > trace && last[-1] != ',') {
            last = memrchr(trace, '\n', (size_t)(last - trace));
        }
        off_t whole = last == NULL ? 0 : last - 1 - trace;
        FILE *file = fopen(path, "r+b");

        if (file == NULL || ftruncate(fileno(file), whole) != 0 || fseek(file, 0, SEEK_END) != 0 ||
            fputs(TRACE_END, file) < 0 || fclose(file) != 0) {
            diag_fatal("cannot write '%s'", path);
        }
    }
}

/* ---- The emulator ---- */

static _Noreturn void become_emulator(const char *sdk, const struct arguments *a)
{
    const char *words[WORDS_MAX] = {
        "qemu-system-aarch64",
        "-machine",
        "virt,virtualization=on",
        "-cpu",
        "cortex-a53",
        "-m",
        "size=2G",
        "-display",
        "none",
        "-monitor",
        "none",
        "-serial",
        "stdio",
        "-icount",
        "shift=0,sleep=off",
        "-device",
        text_format("loader,file=%s,addr=0x70000000,cpu-num=0", a->image),
    };
    size_t n = 17;

    if (a->trace != NULL) {
        words[n++] = "-plugin";
        words[n++] = plugin(sdk, a);
    }
    for (char **word = a->rest; *word != NULL && n < WORDS_MAX - 1; word++) {
        words[n++] = *word;
    }
    if (freopen("/dev/null", "r", stdin) != NULL) {
        (void)execvp(words[0], (char *const *)words);
    }
    diag_fatal("cannot start %s", words[0]);
}

static void end(int signal)
{
    (void)signal;
    (void)kill(emulator, SIGKILL);
}

/* @return what this program exits with */
static int run(const char *sdk, const struct arguments *a)
{
    const double million = 1e6;
    struct sigaction action = {.sa_handler = end};
    int status;

    emulator = fork();
    if (emulator == 0) {
        become_emulator(sdk, a);
    }
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGALRM, &action, NULL);
    if (a->seconds > 0) {
        double whole = floor(a->seconds);
        struct itimerval in = {
            .it_value = {(time_t)whole, (suseconds_t)((a->seconds - whole) * million)}};

        (void)setitimer(ITIMER_REAL, &in, NULL);
    }
    while (waitpid(emulator, &status, 0) < 0) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

int main(int argc, char **argv)
{
    diag_tool("instruments");
    struct arguments a = parse(argc, argv);
    const char *sdk = find_sdk();
    int result = run(sdk, &a);

    if (a.trace != NULL && result == 0) {
        complete(a.trace);
    }
    return result;
}
