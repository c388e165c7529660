/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP on a Quoll network device: for clients that speak TCP/IP.
 *
 *     static struct netif interface;
 *
 *     void pd_start(void)
 *     {
 *         if (lwip_start(&interface, "nic", "clock") == QUOLL_OK) {
 *             ...tcp_new(), udp_new() and so on...
 *         }
 *     }
 *
 *     void pd_wake(microkit_channel channel)
 *     {
 *         lwip_wake(channel);
 *         while (lwip_poll()) {
 *             ...what else has to be done in between...
 *         }
 *     }
 *
 * The address comes from system.yaml:
 *
 *     settings: {ip: 10.0.2.16/24, gateway: 10.0.2.2}
 *
 * One interface per program (lwIP's state is global). Everything is called from
 * pd_start() and pd_wake(); lwIP's callbacks run inside lwip_poll().
 */
#ifndef QUOLL_LWIP_H
#define QUOLL_LWIP_H

#include <stdbool.h>
#include <stdint.h>

#include <quoll/error.h>
#include <quoll/pd.h>

#include "lwip/netif.h"

/** Timeout id of the clock that belongs to lwIP; the others are the program's. */
#define LWIP_TIMEOUT 0U

/**
 * Start the stack with its one interface, from pd_start(). `nic` and `clock` are the
 * devices' names in system.yaml. What is wrong is logged.
 *
 * @return QUOLL_OK; QUOLL_ENOTFOUND: the client has no such device; QUOLL_EINVALID:
 *         the setting `ip` or `gateway` is missing or malformed. Then lwip_wake() and
 *         lwip_poll() do nothing, and the program may live on without a network.
 */
enum quoll_error lwip_start(struct netif *netif, const char *nic, const char *clock);

/** Tell the stack of a wake-up, before lwip_poll(). @return whether the channel is its own */
bool lwip_wake(microkit_channel channel);

/**
 * Let the stack work: a batch of received frames, and its timeouts. What was sent is
 * shown to the network once, at the end.
 *
 * @return whether to call again in this wake-up, since more has been received
 */
bool lwip_poll(void);

/** Send what lwIP callbacks outside lwip_poll() have produced, and set the timeout. */
void lwip_flush(void);

/** Received frames whose buffers lwIP still holds. */
unsigned lwip_held(void);

/**
 * Take the first `used` bytes off a chain of pbufs, and empty ones after them (TCP
 * leaves such where segments overlapped).
 *
 * @return what is left, its first pbuf not empty; NULL: nothing
 */
struct pbuf *lwip_drop(struct pbuf *p, uint16_t used);

/* ---- Between the files of this folder ---- */

enum quoll_error lwip_netif_add(struct netif *netif, const char *nic, const ip4_addr_t *address,
                                const ip4_addr_t *mask, const ip4_addr_t *gateway);
bool lwip_netif_wake(microkit_channel channel);
/* @return whether there may be more than this batch */
bool lwip_netif_receive(void);
void lwip_netif_flush(void);
/* The time of the batch that is worked on, in ms. */
uint64_t lwip_now(void);
/* Flushes too. @return false: there is more to receive, or room to send again */
bool lwip_netif_sleep(void);

#endif
