/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where lwIP's malloc() takes from: pools of three sizes, so that allocating takes
 * the same time whatever is in use, and nothing fragments. The smallest holds the headers of
 * a segment whose data lie elsewhere, or an acknowledgement: 24 bytes of pbuf, 56 of Ethernet
 * with padding, IPv4 and TCP, 12 of options. No guard against being included twice: lwIP
 * includes it once per meaning.
 */
LWIP_MALLOC_MEMPOOL_START
LWIP_MALLOC_MEMPOOL(MEMP_NUM_TCP_SEG, 96)
LWIP_MALLOC_MEMPOOL(2 * LWIP_CONNECTIONS, 640)  /* the head of a response */
LWIP_MALLOC_MEMPOOL(LWIP_COPIES, 1664)
LWIP_MALLOC_MEMPOOL_END
