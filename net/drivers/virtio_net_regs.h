/* SPDX-License-Identifier: BSD-2-Clause */
/* What is peculiar to the virtio network device: VIRTIO 1.2, 5.1. */
#ifndef VIRTIO_NET_REGS_H
#define VIRTIO_NET_REGS_H

/* 5.1.2 */
#define VIRTIO_NET_QUEUE_RX 0U
#define VIRTIO_NET_QUEUE_TX 1U

/* Bit numbers of features, 5.1.3. */
#define VIRTIO_NET_F_MTU    3U
#define VIRTIO_NET_F_MAC    5U
#define VIRTIO_NET_F_STATUS 16U

/* Offsets of fields of the configuration, 5.1.4. */
#define VIRTIO_NET_CONFIG_MAC    0U
#define VIRTIO_NET_CONFIG_STATUS 6U
#define VIRTIO_NET_CONFIG_MTU    10U

#define VIRTIO_NET_S_LINK_UP 1U
#define VIRTIO_NET_MTU_MIN   68U /* 5.1.4.1 */

/* 5.1.6: with VIRTIO_F_VERSION_1, the header always has its last field, num_buffers. */
#define VIRTIO_NET_HEADER_SIZE 12U

#endif
