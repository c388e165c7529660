/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See wire.h. Files have the format of libpcap 2.4: a header of 24 bytes, then each
 * frame with one of 16 (https://www.ietf.org/archive/id/draft-gharris-opsawg-pcap-01.html).
 * Their times are the machine's own, so that the same run writes the same file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "options.h"
#include "wire.h"

#define PCAP_MICROSECONDS 0xa1b2c3d4U
#define PCAP_NANOSECONDS  0xa1b23c4dU
#define PCAP_ETHERNET     1U
#define FRAME_MAX         2048U

struct pcap_file {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t reserved[2];
    uint32_t longest;
    uint32_t kind;
};

struct pcap_frame {
    uint32_t seconds, fraction;
    uint32_t length, original;
};

/* ---- Files ---- */

static void write_frame(FILE *pcap, const struct iovec *parts, unsigned count)
{
    uint64_t now = sim_now();
    struct pcap_frame head = {(uint32_t)(now / 1000000000U), (uint32_t)(now % 1000000000U), 0, 0};

    for (unsigned i = 0; i < count; i++) {
        head.length += (uint32_t)parts[i].iov_len;
    }
    head.original = head.length;
    (void)fwrite(&head, sizeof head, 1, pcap);
    for (unsigned i = 0; i < count; i++) {
        (void)fwrite(parts[i].iov_base, parts[i].iov_len, 1, pcap);
    }
}

static FILE *create(struct sim_device *device, const char *path)
{
    const struct pcap_file head = {
        .magic = PCAP_NANOSECONDS, .major = 2, .minor = 4, .longest = 65535, .kind = PCAP_ETHERNET};
    FILE *pcap = fopen(path, "wb");

    if (pcap == NULL || fwrite(&head, sizeof head, 1, pcap) != 1) {
        sim_refuse(device, "pcap=%s: %s", path, strerror(errno));
    }
    return pcap;
}

static unsigned char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = NULL;

    *size = 0;
    if (file == NULL) {
        return NULL;
    }
    if (fseek(file, 0, SEEK_END) == 0 && ftell(file) > 0) {
        *size = (size_t)ftell(file);
        bytes = malloc(*size);
        rewind(file);
        if (bytes != NULL && fread(bytes, 1, *size, file) != *size) {
            *size = 0;
        }
    }
    (void)fclose(file);
    return bytes;
}

static uint64_t time_of(const struct pcap_frame *head, uint32_t magic)
{
    return head->seconds * 1000000000ULL +
           (uint64_t)head->fraction * (magic == PCAP_NANOSECONDS ? 1U : 1000U);
}

static bool index_frames(struct wire *wire, size_t size)
{
    struct pcap_file file;
    struct pcap_frame head;
    uint64_t zero = 0;

    if (size < sizeof file) {
        return false;
    }
    memcpy(&file, wire->file, sizeof file);
    if ((file.magic != PCAP_NANOSECONDS && file.magic != PCAP_MICROSECONDS) ||
        file.kind != PCAP_ETHERNET) {
        return false;
    }
    wire->frames = calloc(size / sizeof head + 1U, sizeof *wire->frames);
    for (size_t at = sizeof file; size - at >= sizeof head; at += head.length) {
        memcpy(&head, wire->file + at, sizeof head);
        at += sizeof head;
        if (head.length > size - at) {
            return false;
        }
        zero = wire->count == 0 ? time_of(&head, file.magic) : zero;
        wire->frames[wire->count++] =
            (struct wire_frame){time_of(&head, file.magic) - zero, head.length, wire->file + at};
    }
    return true;
}

static void open_replay(struct sim_device *device, struct wire *wire, const char *path,
                        const char *options)
{
    size_t size;

    wire->file = read_file(path, &size);
    if (wire->file == NULL || !index_frames(wire, size)) {
        sim_refuse(device, "replay=%s: not a pcap file of Ethernet frames", path);
    }
    wire->first = option_number(device, options, "replay-at", 100) * 1000000U;
}

/* ---- Sockets ---- */

static int connect_to(struct sim_device *device, const char *path)
{
    struct sockaddr_un here = {.sun_family = AF_UNIX}, there = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    (void)snprintf(there.sun_path, sizeof there.sun_path, "%.100s", path);
    (void)snprintf(here.sun_path, sizeof here.sun_path, "%.90s.%d", path, (int)getpid());
    (void)unlink(here.sun_path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) != 0 ||
        connect(fd, (struct sockaddr *)&there, sizeof there) != 0) {
        sim_refuse(device, "net=unix:%s: %s", path, strerror(errno));
    }
    return fd;
}

static int open_socket(struct sim_device *device, const char *net, const char *options)
{
    if (strncmp(net, "fd:", 3) == 0) {
        int fd = dup(atoi(net + 3));

        if (fd < 0) {
            sim_refuse(device, "net=%s: %s", net, strerror(errno));
        }
        return fd;
    }
    if (strncmp(net, "unix:", 5) == 0) {
        return connect_to(device, net + 5);
    }
    if (strcmp(net, "user") == 0) {
        return user_network(device, options);
    }
    if (strcmp(net, "none") != 0 && strcmp(net, "echo") != 0) {
        sim_refuse(device, "net=%s: user, fd:N, unix:PATH, echo or none", net);
    }
    return -1;
}

void wire_open(struct sim_device *device, struct wire *wire, const char *options)
{
    char text[1024];

    *wire = (struct wire){.fd = -1};
    if (sim_option(options, "net", text, sizeof text)) {
        wire->fd = open_socket(device, text, options);
        wire->echoes = strcmp(text, "echo") == 0 ? calloc(1, sizeof *wire->echoes) : NULL;
    }
    if (sim_option(options, "pcap", text, sizeof text)) {
        wire->pcap = create(device, text);
    }
    if (sim_option(options, "replay", text, sizeof text)) {
        open_replay(device, wire, text, options);
    }
}

void wire_close(struct wire *wire)
{
    if (wire->fd >= 0) {
        (void)close(wire->fd);
    }
    if (wire->pcap != NULL) {
        (void)fclose(wire->pcap);
    }
    free(wire->file);
    free(wire->frames);
    free(wire->echoes);
    *wire = (struct wire){.fd = -1};
}

/* ---- Echoes ---- */

/* Back to the sender, as from whom it was sent to. */
static void send_back(struct wire_echoes *echoes, const struct iovec *parts, unsigned count)
{
    uint32_t at = (echoes->first + echoes->count) % WIRE_ECHOES, length = 0;
    unsigned char *frame = echoes->frame[at], from[6];

    for (unsigned i = 0; i < count; i++) {
        size_t left = sizeof echoes->frame[0] - length;
        size_t size = parts[i].iov_len < left ? parts[i].iov_len : left;

        memcpy(frame + length, parts[i].iov_base, size);
        length += (uint32_t)size;
    }
    if (length < 14 || echoes->count == WIRE_ECHOES) {
        return;
    }
    memcpy(from, frame, 6);
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, from, 6);
    echoes->length[at] = length;
    echoes->count += 1U;
}

static unsigned come_back(struct wire_echoes *echoes, unsigned char *const *buffers, size_t size,
                          uint32_t *lengths, unsigned count)
{
    unsigned n = 0;

    for (; n < count && echoes->count > 0; n++) {
        uint32_t at = echoes->first;

        lengths[n] = echoes->length[at] <= size ? echoes->length[at] : 0;
        memcpy(buffers[n], echoes->frame[at], lengths[n]);
        echoes->first = (at + 1U) % WIRE_ECHOES;
        echoes->count -= 1U;
    }
    return n;
}

/* ---- Frames ---- */

void wire_send(struct wire *wire, struct iovec (*frames)[WIRE_PIECES], const unsigned *parts,
               unsigned count)
{
    struct mmsghdr messages[WIRE_BATCH];

    for (unsigned i = 0; i < count; i++) {
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = frames[i], .msg_iovlen = parts[i]}};
        if (wire->pcap != NULL) {
            write_frame(wire->pcap, frames[i], parts[i]);
        }
        if (wire->echoes != NULL) {
            send_back(wire->echoes, frames[i], parts[i]);
        }
    }
    if (wire->fd >= 0 && count > 0) {
        (void)sendmmsg(wire->fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

unsigned wire_receive(struct wire *wire, unsigned char *const *buffers, size_t size,
                      uint32_t *lengths, unsigned count)
{
    struct mmsghdr messages[WIRE_BATCH];
    struct iovec parts[WIRE_BATCH];

    if (wire->echoes != NULL) {
        return come_back(wire->echoes, buffers, size, lengths, count);
    }
    for (unsigned i = 0; i < count; i++) {
        parts[i] = (struct iovec){buffers[i], size};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
    }
    int n =
        wire->fd < 0 || count == 0 ? 0 : recvmmsg(wire->fd, messages, count, MSG_DONTWAIT, NULL);

    for (int i = 0; i < n; i++) {
        bool whole = (messages[i].msg_hdr.msg_flags & MSG_TRUNC) == 0;

        lengths[i] = whole ? messages[i].msg_len : 0;
        if (wire->pcap != NULL && lengths[i] > 0) {
            parts[i].iov_len = lengths[i];
            write_frame(wire->pcap, &parts[i], 1);
        }
    }
    return n < 0 ? 0 : (unsigned)n;
}
