/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's side of a network device: frames in, frames out, its own MAC address.
 *
 * The client's two data regions are cut into buffers of NET_BUFFER_SIZE bytes, named
 * by numbers from 0. A frame lies NET_CLIENT_OFFSET bytes into its buffer, so that
 * what follows the 14 bytes of Ethernet header is aligned to 4.
 *
 *     void pd_wake(microkit_channel channel)
 *     {
 *         struct net_received frame;
 *
 *         net_client_wake(&nic, channel);
 *         do {
 *             while (net_receive(&nic, &frame)) {
 *                 ...look at frame.data, answer with net_tx_buffer() and net_send()...
 *                 net_return(&nic, frame.buffer);
 *             }
 *         } while (!net_client_sleep(&nic));
 *     }
 *
 * Sent frames may get lost and received ones may be damaged, as on any Ethernet. When
 * a server of the client begins a new life, frames on their way are lost and all
 * buffers that it had come back; what the program itself holds stays valid.
 */
#ifndef QUOLL_NET_CLIENT_H
#define QUOLL_NET_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/error.h>
#include <quoll/link.h>
#include <quoll/net.h>
#include <quoll/pd.h>

#define NET_CLIENT_BUFFERS 256U /* used of each data region, at most */
#define NET_CLIENT_OFFSET  2U

struct net_received {
    uint8_t *data;   /* the frame; the program may scribble on it */
    uint16_t length; /* NET_FRAME_MIN to NET_FRAME_MAX */
    uint16_t buffer; /* to be given back with net_return() */
};

/* Buffers of one direction; private to the library. */
struct net_client_pool {
    struct link link;
    unsigned char *data;
    uint32_t count;                     /* buffers */
    uint32_t stock;                     /* of these, in `free`, */
    int32_t plenty;                     /* of those to receive into, for the server */
    bool awaited;                       /* the server knows that we wait for sent buffers */
    uint16_t free[NET_CLIENT_BUFFERS];  /* a stack */
    uint8_t holder[NET_CLIENT_BUFFERS]; /* who has it */
    uint32_t info_seen;                 /* generation of the information that says so: */
    bool ready;                         /* frames flow */
};

struct net_client {
    struct net_client_pool rx;
    struct net_client_pool tx;
    bool tx_wanted; /* the program got none, and has not been told that there are some again */
};

/**
 * Open the device that the system description calls `device`. Once, from pd_start(),
 * with *client zeroed (a static variable).
 *
 * @return QUOLL_OK, or QUOLL_ENOTFOUND: this client has no such network device
 */
enum quoll_error net_client_open(struct net_client *client, const char *device);

/**
 * To be called first at each wake-up.
 *
 * @return whether the channel is one of this device's
 */
bool net_client_wake(struct net_client *client, microkit_channel channel);

/** The next received frame; false if there is none now. */
bool net_receive(struct net_client *client, struct net_received *frame);

/** Give the buffer of a received frame back. A buffer that is not held is ignored. */
void net_return(struct net_client *client, uint16_t buffer);

/**
 * A buffer to write a frame of up to NET_FRAME_MAX bytes into; stays the caller's until
 * net_send().
 *
 * @return NULL if all are on their way: net_client_sleep() will be false, or a
 *         wake-up come, when there are some again
 */
uint8_t *net_tx_buffer(struct net_client *client);

/**
 * Send the frame of `length` bytes (NET_FRAME_MIN to NET_FRAME_MAX) in a buffer from
 * net_tx_buffer(), or give the buffer back unsent with length 0. It leaves with the
 * next net_client_flush() or net_client_sleep(). Lost if the network is not there.
 */
void net_send(struct net_client *client, const uint8_t *buffer, uint16_t length);

/** Show the servers what was sent and returned; once per batch. */
void net_client_flush(struct net_client *client);

/**
 * Flush, and ask to be woken for the next frame (and, if none is left, for Tx buffers).
 *
 * @return true if there is nothing to do now; false: call net_receive() again
 */
__attribute__((warn_unused_result)) bool net_client_sleep(struct net_client *client);

/** The client's own MAC address. */
void net_client_mac(const struct net_client *client, uint8_t mac[6]);

/** Whether frames can flow both ways now: servers up, device ready, carrier. */
bool net_client_ready(struct net_client *client);

/** Whether net_client_ready() may say something else than it said the last time. */
static inline bool net_client_changed(const struct net_client *client)
{
    return link_generation(&client->rx.link) != client->rx.info_seen ||
           link_generation(&client->tx.link) != client->tx.info_seen;
}

#endif
