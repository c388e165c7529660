/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP as Quoll's clients use it: IPv4, ARP, ICMP, UDP and TCP over the raw API, no
 * threads, all memory static. Sized for LWIP_CONNECTIONS TCP connections that send at once,
 * each all that it may have on its way, and twice as many that open and close. A program
 * that has fewer is linked with pools of its own (mk/lwip.mk).
 *
 * What is switched off keeps foreign data from taking memory: fragments (an IPv4
 * datagram is accepted only whole) and segments out of order (sent again).
 */
#ifndef QUOLL_LWIPOPTS_H
#define QUOLL_LWIPOPTS_H

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0
#define LWIP_STATS           0
#define LWIP_TIMERS          1
#define LWIP_SINGLE_NETIF    1

/* Protocols. */
#define LWIP_IPV4             1
#define LWIP_IPV6             0
#define LWIP_ARP              1
#define LWIP_ICMP             1
#define LWIP_UDP              1
#define LWIP_TCP              1
#define LWIP_RAW              0
#define LWIP_DHCP             0
#define LWIP_DNS              0
#define LWIP_IGMP             0
#define IP_REASSEMBLY         0
#define IP_FRAG               0
#define ARP_QUEUEING          0 /* one waiting packet per address is kept, no more */
#define ETHARP_SUPPORT_VLAN   0
#define LWIP_BROADCAST_PING   0
#define LWIP_MULTICAST_PING   0
#define IP_SOF_BROADCAST      1
#define IP_SOF_BROADCAST_RECV 1
#define ETH_PAD_SIZE          2 /* aligns what follows the Ethernet header */

/* Memory. */
#ifndef LWIP_CONNECTIONS
#define LWIP_CONNECTIONS 128
#define LWIP_FRAMES      512 /* received ones that are not yet read */
#define LWIP_COPIES      64  /* frames that are answered or had to be copied */
#endif
#define MEM_ALIGNMENT                 8
#define MEM_LIBC_MALLOC               0
#define MEM_USE_POOLS                 1
#define MEMP_USE_CUSTOM_POOLS         1
#define MEM_USE_POOLS_TRY_BIGGER_POOL 1
#define MEMP_NUM_TCP_PCB              (3 * LWIP_CONNECTIONS)
#define MEMP_NUM_TCP_PCB_LISTEN       4
#define MEMP_NUM_UDP_PCB              4
#define MEMP_NUM_TCP_SEG              (LWIP_CONNECTIONS * (TCP_SND_BUF / TCP_MSS + 2))
#define MEMP_NUM_PBUF                 MEMP_NUM_TCP_SEG /* that refer to data elsewhere */
#define PBUF_POOL_SIZE                LWIP_FRAMES      /* heads of received frames (netif.c) */
#define PBUF_POOL_BUFSIZE             208              /* ETH_PAD_SIZE, and HEAD of netif.c */
#define LWIP_SUPPORT_CUSTOM_PBUF      1

/* TCP. Data are sent from where they lie, so a large window costs only small records. */
#define TCP_MSS                    1460
#define TCP_WND                    (8 * TCP_MSS)
#define TCP_SND_BUF                (12 * TCP_MSS)
#define TCP_SND_QUEUELEN           64
#define TCP_OVERSIZE               0
#define TCP_QUEUE_OOSEQ            0
#define TCP_LISTEN_BACKLOG         1
#define TCP_DEFAULT_LISTEN_BACKLOG 128
#define TCP_MSL                    5000 /* ms */
#define LWIP_TCP_RTO_TIME          1000 /* ms, at first (RFC 6298, 2.1) */
#define TCP_TMR_INTERVAL           100  /* ms; the grain of retransmission is twice that */
#define LWIP_TCP_KEEPALIVE         0

/* RFC 6528: sequence numbers begin where outsiders cannot guess. */
#define LWIP_HOOK_FILENAME "net/lwip/hooks.h"
#define LWIP_HOOK_TCP_ISN(local, local_port, remote, remote_port)                                  \
    quoll_lwip_first_sequence(local, local_port, remote, remote_port)

/* The fast checksum (checksum.c). */
#include "net/lwip/checksum.h"
#define LWIP_CHKSUM quoll_checksum

/* What is received or sent is summed while it is copied: the interface's task (netif.c). */
#define CHECKSUM_GEN_UDP   0
#define CHECKSUM_GEN_TCP   0
#define CHECKSUM_CHECK_IP  0
#define CHECKSUM_CHECK_UDP 0
#define CHECKSUM_CHECK_TCP 0

/* A frame is sent with a copy into its Tx buffer, which ends it for lwIP at once. */
#define LWIP_NETIF_TX_SINGLE_PBUF 0

#endif
