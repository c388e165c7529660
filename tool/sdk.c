/* SPDX-License-Identifier: BSD-2-Clause */
#include "sdk.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/text.h"

/*
 * Where the Microkit puts the top of every stack: facts of its versions, tried with
 * the start stub. 2.1 is missing because systems did not start on it.
 */
static const struct {
    const char *prefix;
    uint64_t stack_top;
} supported[] = {
    {"2.0.", 0x10000000000U},
    {"2.3.", 0x10000000000U - 0x2000U},
};

static bool is_directory(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static const char *read_version(const char *path)
{
    size_t size;
    char *text = text_file(text_format("%s/VERSION", path), &size);

    if (text != NULL) {
        text[strcspn(text, "\r\n")] = '\0';
    }
    return text;
}

struct sdk sdk_open(const char *path, const char *config)
{
    if (strcmp(path, SDK_HOST) == 0) {
        return (struct sdk){.path = path,
                            .version = "simulator",
                            .config = config,
                            .stack_top = supported[0].stack_top,
                            .is_host = true};
    }
    struct sdk sdk = {.path = path, .version = read_version(path), .config = config};
    char *command = text_format("%s/bin/microkit", path);

    if (!is_directory(path)) {
        diag_fatal("there is no Microkit SDK in %s: no such directory", path);
    }
    if (sdk.version == NULL || access(command, X_OK) != 0) {
        diag_fatal("%s is not a Microkit SDK: it has no %s", path,
                   sdk.version == NULL ? "VERSION" : "bin/microkit that can be run");
    }
    sdk.is_development = strstr(sdk.version, "quoll-devkit") != NULL;
    for (size_t i = 0; i < sizeof supported / sizeof supported[0]; i++) {
        if (strncmp(sdk.version, supported[i].prefix, strlen(supported[i].prefix)) == 0) {
            sdk.stack_top = supported[i].stack_top;
            return sdk;
        }
    }
    diag_fatal("%s is Microkit %s, which Quoll does not support\n"
               "  supported: 2.0.x and 2.3.x (2.1.0 is known not to work)",
               path, sdk.version);
}

bool sdk_has_board(const struct sdk *sdk, const char *board)
{
    char *path = text_format("%s/board/%s/%s", sdk->path, board, sdk->config);

    if (sdk->is_host || is_directory(path)) {
        return true;
    }
    diag_error((struct place){0}, "the Microkit SDK %s has no %s for %s", sdk->version, sdk->config,
               board);
    diag_hint("looked for %s", path);
    return false;
}

static void run_tool(const struct sdk *sdk, const char *board, const char *directory, int output)
{
    char *command = text_format("%s/bin/microkit", sdk->path);
    char *system = text_format("%s/system.system", directory);
    char *image = text_format("%s/loader.img", directory);
    char *report = text_format("%s/report.txt", directory);

    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    /* The tool would believe this variable before its own place; whoever runs us may have it. */
    setenv("MICROKIT_SDK", sdk->path, 1);
    execl(command, command, system, "--search-path", directory, "--board", board, "--config",
          sdk->config, "-o", image, "-r", report, (char *)NULL);
    fprintf(stderr, "%s: %s\n", command, strerror(errno));
    _exit(127);
}

static void show(FILE *output)
{
    char line[1024];

    rewind(output);
    while (fgets(line, sizeof line, output) != NULL) {
        fputs(line, stderr);
    }
}

bool sdk_run(const struct sdk *sdk, const char *board, const char *directory)
{
    FILE *output = tmpfile();
    int status = -1;

    if (output == NULL) {
        diag_fatal("no temporary file: %s", strerror(errno));
    }
    fflush(NULL);
    /* An interrupt is for the child: we stay, to clean up. */
    signal(SIGINT, SIG_IGN);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        run_tool(sdk, board, directory, fileno(output));
    }
    bool ended = child > 0 && waitpid(child, &status, 0) == child;
    signal(SIGINT, SIG_DFL);
    bool succeeded = ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!succeeded) {
        diag_error((struct place){0}, "the Microkit's tool failed; it said:");
        show(output);
    }
    fclose(output);
    if (succeeded && access(text_format("%s/loader.img", directory), F_OK) != 0) {
        diag_error((struct place){0},
                   "the Microkit's tool has made no image, though it did not fail");
        return false;
    }
    return succeeded;
}
