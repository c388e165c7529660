/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * httpload PORT FOLDER CONNECTIONS REQUESTS CLOSE_EVERY
 *
 * Fetch the files of FOLDER from a web server on this machine, in turn, over
 * CONNECTIONS connections at once, until REQUESTS were answered, and compare every
 * byte with the folder. Each CLOSE_EVERYth request closes its connection (0: none).
 *
 * Prints: answered failed bytes seconds. Fails if one request failed; says why for
 * the first few. A server that makes no progress for 30 seconds has failed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_CONNECTIONS 1024
#define PATIENCE_MS      30000

struct file {
    char *path; /* within the folder */
    char *bytes;
    size_t size;
};

struct connection {
    int socket; /* -1: to be opened */
    const struct file *file;
    bool closes;
    char head[4096];
    size_t head_length;
    bool in_body;
    size_t got; /* of the body */
};

static struct file *files;
static size_t file_count;
static const char *folder;
static unsigned port, close_every;
static unsigned long wanted, asked, answered, failed, bytes;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int add_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)place;
    if (type != FTW_F) {
        return 0;
    }
    struct file f = {.path = strdup(path + strlen(folder) + 1), .size = (size_t)status->st_size};
    int fd = open(path, O_RDONLY);

    f.bytes = f.size == 0 ? "" : mmap(NULL, f.size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    files = realloc(files, (file_count + 1) * sizeof *files);
    files[file_count++] = f;
    return f.bytes == MAP_FAILED;
}

static void fail(struct connection *c, const char *why)
{
    if (failed++ < 10) {
        fprintf(stderr, "httpload: /%s: %s\n", c->file->path, why);
    }
}

/*
 * QEMU's user network listens with a backlog of one: connecting faster than it
 * accepts would measure the host's retransmission of SYNs, a second each.
 */
static void pace(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
}

static bool open_connection(struct connection *c)
{
    pace();
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1;

    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    c->socket = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->socket, (struct sockaddr *)&to, sizeof to) != 0) {
        close(c->socket);
        c->socket = -1;
        return false;
    }
    fcntl(c->socket, F_SETFL, O_NONBLOCK);
    return true;
}

/* File names are plain, so that they need no escapes. */
static bool ask(struct connection *c)
{
    char text[1024];

    if (asked == wanted) {
        return false;
    }
    c->file = &files[asked % file_count];
    asked += 1;
    c->closes = close_every != 0 && asked % close_every == 0;
    c->head_length = 0;
    c->in_body = false;
    c->got = 0;
    int length = snprintf(text, sizeof text, "GET /%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
                          c->file->path, c->closes ? "Connection: close\r\n" : "");

    if (c->socket < 0 && !open_connection(c)) {
        fail(c, "cannot connect");
        return true;
    }
    if (send(c->socket, text, (size_t)length, MSG_NOSIGNAL) != length) {
        fail(c, "cannot send the request");
        close(c->socket);
        c->socket = -1;
    }
    return true;
}

static void shut(struct connection *c)
{
    close(c->socket);
    c->socket = -1;
}

static void next(struct connection *c)
{
    if (c->closes && c->socket >= 0) {
        shut(c);
    }
    while (ask(c) && c->socket < 0) {}
}

static void give_up(struct connection *c, const char *why)
{
    fail(c, why);
    shut(c);
    next(c);
}

/* @return bytes of the head within `data`, or -1 if it is wrong; sets in_body at its end */
static ssize_t take_head(struct connection *c, const char *data, size_t size)
{
    size_t room = sizeof c->head - 1 - c->head_length;
    size_t before = c->head_length;
    size_t n = size < room ? size : room;

    memcpy(c->head + c->head_length, data, n);
    c->head_length += n;
    c->head[c->head_length] = '\0';
    char *end = strstr(c->head, "\r\n\r\n");

    if (end == NULL) {
        return c->head_length == sizeof c->head - 1 ? -1 : (ssize_t)n;
    }
    char *length = strcasestr(c->head, "\r\nContent-Length: ");

    if (strncmp(c->head, "HTTP/1.1 200 ", 13) != 0 || length == NULL || length > end ||
        strtoull(length + 18, NULL, 10) != c->file->size) {
        *strchr(c->head, '\r') = '\0';
        fprintf(stderr, "httpload: %s\n", c->head);
        return -1;
    }
    c->in_body = true;
    return end + 4 - (c->head + before);
}

static void take(struct connection *c, const char *data, size_t size)
{
    if (!c->in_body) {
        ssize_t n = take_head(c, data, size);

        if (n < 0) {
            give_up(c, "a wrong head");
            return;
        }
        data += n;
        size -= (size_t)n;
    }
    if (size > c->file->size - c->got || memcmp(c->file->bytes + c->got, data, size) != 0) {
        give_up(c, "wrong bytes");
        return;
    }
    c->got += size;
    bytes += size;
    if (c->in_body && c->got == c->file->size) {
        answered += 1;
        next(c);
    }
}

static void receive(struct connection *c)
{
    static char buffer[1 << 17];
    ssize_t n = recv(c->socket, buffer, sizeof buffer, 0);

    if (n > 0) {
        take(c, buffer, (size_t)n);
    } else if (n == 0) {
        give_up(c, "closed before the end");
    } else if (errno != EAGAIN) {
        give_up(c, strerror(errno));
    }
}

static bool turn(struct connection *connections, unsigned count)
{
    static struct pollfd polls[MOST_CONNECTIONS];
    bool any = false;

    for (unsigned i = 0; i < count; i++) {
        polls[i] = (struct pollfd){.fd = connections[i].socket, .events = POLLIN};
        any = any || connections[i].socket >= 0;
    }
    if (!any || answered + failed >= wanted) {
        return false;
    }
    if (poll(polls, count, PATIENCE_MS) <= 0) {
        for (unsigned i = 0; i < count; i++) {
            if (connections[i].socket >= 0 && connections[i].file != NULL) {
                fail(&connections[i], "no progress");
            }
        }
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (polls[i].fd >= 0 && polls[i].revents != 0) {
            receive(&connections[i]);
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct connection connections[MOST_CONNECTIONS];
    unsigned count;

    if (argc != 6) {
        fprintf(stderr, "httpload PORT FOLDER CONNECTIONS REQUESTS CLOSE_EVERY\n");
        return 2;
    }
    port = (unsigned)atoi(argv[1]);
    folder = argv[2];
    count = (unsigned)atoi(argv[3]);
    wanted = strtoul(argv[4], NULL, 10);
    close_every = (unsigned)atoi(argv[5]);
    if (count == 0 || count > MOST_CONNECTIONS || nftw(folder, add_file, 16, FTW_PHYS) != 0 ||
        file_count == 0) {
        fprintf(stderr, "httpload: no connections, or no files in %s\n", folder);
        return 2;
    }
    double start = now();

    for (unsigned i = 0; i < count; i++) {
        connections[i].socket = -1;
        next(&connections[i]);
    }
    while (turn(connections, count)) {}
    printf("%lu %lu %lu %.3f\n", answered, failed, bytes, now() - start);
    return failed != 0 || answered != wanted;
}
