/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where lwIP's malloc() takes from: pools of three sizes, so that allocating takes
 * the same time whatever is in use, and nothing fragments. No guard against being
 * included twice: lwIP includes it once per meaning.
 */
LWIP_MALLOC_MEMPOOL_START
LWIP_MALLOC_MEMPOOL(3072, 192) /* the headers of a segment whose data lie elsewhere */
LWIP_MALLOC_MEMPOOL(512, 640)  /* the head of a response */
LWIP_MALLOC_MEMPOOL(384, 1664) /* a frame that is answered or had to be copied */
LWIP_MALLOC_MEMPOOL_END
