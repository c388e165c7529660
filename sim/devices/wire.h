/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a simulated network card is plugged into: nothing, a file of frames, or a socket
 * with something at its other end (a test, or user-mode networking). Belongs to the host,
 * but for which frame of the file comes next, which is the card's state.
 */
#ifndef SIM_DEVICES_WIRE_H
#define SIM_DEVICES_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/uio.h>

#include "sim/device.h"

#define WIRE_BATCH  32U
#define WIRE_PIECES 4U /* of a frame, at most */
#define WIRE_HELP                                                                                  \
    "net=user (user-mode networking; forward=tcp:HOST-PORT:ADDRESS:PORT+udp:...), "                \
    "net=fd:N (a socket of datagrams), net=unix:PATH, net=echo (each frame comes back to its "     \
    "sender), pcap=FILE (write all frames), "                                                      \
    "replay=FILE (receive those of a pcap file, replay-at=MS after the start)"

struct wire_frame {
    uint64_t when; /* ns after the first */
    uint32_t length;
    const unsigned char *bytes;
};

/* Frames on their way back; those that find it full are lost. */
#define WIRE_ECHOES 256U
struct wire_echoes {
    uint32_t first, count;
    uint32_t length[WIRE_ECHOES];
    unsigned char frame[WIRE_ECHOES][1514];
};

struct wire {
    int fd;              /* -1: none */
    FILE *pcap;          /* NULL: none */
    unsigned char *file; /* what is replayed */
    struct wire_frame *frames;
    uint32_t count;
    uint64_t first;             /* when the first is due */
    struct wire_echoes *echoes; /* NULL: none come back */
};

void wire_open(struct sim_device *device, struct wire *wire, const char *options);
void wire_close(struct wire *wire);

/** Whether something may come without being replayed. */
static inline bool wire_listens(const struct wire *wire)
{
    return wire->fd >= 0 || wire->echoes != NULL;
}

/** Send `count` frames, WIRE_BATCH at most; what finds no room is lost, as on any wire. */
void wire_send(struct wire *wire, struct iovec (*frames)[WIRE_PIECES], const unsigned *parts,
               unsigned count);

/**
 * Receive into up to `count` buffers of `size` bytes.
 *
 * @return how many came; their lengths in `lengths`, 0 for one that was too long
 */
unsigned wire_receive(struct wire *wire, unsigned char *const *buffers, size_t size,
                      uint32_t *lengths, unsigned count);

/** user.c: start user-mode networking, a process of its own; its socket. */
int user_network(struct sim_device *device, const char *options);

#endif
