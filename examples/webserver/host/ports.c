/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ports NAME=PROTOCOL:PORT...: fail, naming the culprit, unless all these ports of
 * this machine are free. PROTOCOL is tcp or udp.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME_MAX_LENGTH 31
#define SETTINGS_MAX    16

struct setting {
    char name[NAME_MAX_LENGTH + 1];
    char protocol[4];
    const char *port; /* as it was given */
};

static bool parse(const char *argument, struct setting *setting)
{
    int at = 0;

    if (sscanf(argument, "%31[^=]=%3[a-z]:%n", setting->name, setting->protocol, &at) != 2 ||
        at == 0) {
        return false;
    }
    setting->port = argument + at;
    return true;
}

/* 0 if it is none. */
static unsigned number_of(const char *port)
{
    size_t length = strlen(port);

    if (length == 0 || length > 5 || strspn(port, "0123456789") != length) {
        return 0;
    }
    unsigned number = (unsigned)atoi(port);

    return number <= UINT16_MAX ? number : 0;
}

/* 0, or why not. */
static int try_to_bind(bool tcp, unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int s = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
    int yes = 1, error = 0;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (tcp) { /* as QEMU does: a port that was just in use is free */
        setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    }
    if (bind(s, (struct sockaddr *)&address, sizeof address) != 0) {
        error = errno;
    }
    close(s);
    return error;
}

static const char *reason(int error)
{
    static char text[128];

    switch (error) {
    case EADDRINUSE:
        return "is in use by another program";
    case EACCES:
        return "may be used by root only";
    default:
        snprintf(text, sizeof text, "cannot be used: %s", strerror(error));
        return text;
    }
}

static bool is_free(const struct setting *setting)
{
    bool tcp = strcmp(setting->protocol, "tcp") == 0;
    unsigned port = number_of(setting->port);

    if (port == 0) {
        fprintf(stderr, "run: %s=%s: a port is a number from 1 to 65535\n", setting->name,
                setting->port);
        return false;
    }
    int error = try_to_bind(tcp, port);

    if (error != 0) {
        fprintf(stderr,
                "run: %s port %u of this machine %s; choose another one: make run %s=NUMBER\n",
                tcp ? "TCP" : "UDP", port, reason(error), setting->name);
    }
    return error == 0;
}

/* Whether none of those before has the same one. */
static bool is_first(const struct setting *settings, int index)
{
    const struct setting *mine = &settings[index];

    for (int i = 0; i < index; i++) {
        if (strcmp(settings[i].protocol, mine->protocol) == 0 &&
            strcmp(settings[i].port, mine->port) == 0) {
            fprintf(stderr, "run: %s=%s: another setting has this %s port already\n", mine->name,
                    mine->port, strcmp(mine->protocol, "tcp") == 0 ? "TCP" : "UDP");
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct setting settings[SETTINGS_MAX];
    bool good = true;

    for (int i = 1; i < argc; i++) {
        if (i > SETTINGS_MAX || !parse(argv[i], &settings[i - 1])) {
            fprintf(stderr, "usage: ports NAME=tcp|udp:PORT ...\n");
            return 2;
        }
        good = is_free(&settings[i - 1]) && is_first(settings, i - 1) && good;
    }
    return good ? 0 : 1;
}
