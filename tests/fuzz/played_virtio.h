/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device as a driver sees it: registers (through sim_mmio_read() and its kin) and
 * rings in the driver's DMA memory. It keeps to VIRTIO 1.2, but for what played_hurt() has
 * it do: registers that read as they like, used rings with anything in them, memory that
 * changes while the driver reads it.
 */
#ifndef FUZZ_PLAYED_VIRTIO_H
#define FUZZ_PLAYED_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAYED_DMA_IO    0x80000000ULL
#define PLAYED_DMA_SIZE  16384U
#define PLAYED_INTERRUPT 61U
#define PLAYED_PARTS     4U

struct played_part {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
};

struct played_chain {
    uint16_t head;
    unsigned count;
    struct played_part part[PLAYED_PARTS];
};

/** A device of this kind and its place; after fake_reset(). Offers all features of `offers`. */
void played_begin(uint32_t id, uint16_t queue_size, uint64_t offers, bool lies);

/** The configuration, to be filled in. */
uint8_t *played_config(void);

/** One act of a device that lies. */
void played_hurt(void);

/** It lies no more, and if it did, asks to be reset, since it may have spoiled its rings. */
void played_behave(void);

/** The next chain that the driver has made available; false: none, or the queue is not ready. */
bool played_next(unsigned queue, struct played_chain *chain);

/** Done with a chain. */
void played_use(unsigned queue, uint16_t head, uint32_t length);

/** Whether the driver has set DRIVER_OK since the last reset; resets so far. */
bool played_running(void);
unsigned played_resets(void);

/** The driver's DMA memory at an I/O address; NULL if not all of it is there. */
void *played_dma(uint64_t io, uint32_t size);

/** The device interrupts: the reasons are in its register. */
void played_interrupt(uint64_t most);

#endif
