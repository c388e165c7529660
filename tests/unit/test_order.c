/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must be done before a fence and what after it: at each fence the other side acts,
 * which is the latest moment at which it may not be missed and the earliest at which all
 * must be there. So a fence that is left out, or a step on its wrong side, shows on a
 * machine that reorders nothing.
 */
#include <stdatomic.h>
#include <string.h>

#include "fake_pd.h"

#include <quoll/dma.h>
#include <quoll/mmio.h>

static void (*at_fence)(void);
static unsigned reads, writes, fulls;

static void played(unsigned *count)
{
    *count += 1;
    if (at_fence != NULL) {
        at_fence();
    }
}

#define dma_fence_read()        played(&reads)
#define dma_fence_write()       played(&writes)
#define dma_fence_full()        played(&fulls)
#define mmio_write32(at, value) (*(at) = (value))
#include "bus/virtio/virtqueue.c"

#define SIZE 8U

static struct virtio_registers registers;
static struct virtio_device device;
static struct virtqueue queue;
static struct quoll_region_config memory;
static uint16_t index_seen;

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    fake_region(&memory, VIRTQUEUE_DMA(SIZE), 0x123456789000ULL);
    at_fence = NULL;
    reads = writes = fulls = 0;
    registers = (struct virtio_registers){.queue_size_max = SIZE};
    device = (struct virtio_device){.registers = &registers,
                                    .features = {UINT64_C(1) << VIRTIO_F_EVENT_IDX},
                                    .dma = (unsigned char *)(uintptr_t)memory.vaddr,
                                    .dma_io = 0x123456789000ULL,
                                    .dma_size = memory.size};
    memset(&queue, 0, sizeof queue);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void open_queue(void)
{
    assert_int_equal(virtqueue_open(&queue, &device, 0, SIZE), QUOLL_OK);
    at_fence = NULL;
    reads = writes = fulls = 0;
}

static void the_queue_is_ready_after_its_memory_is(void)
{
    assert_int_equal(registers.queue_ready, 0);
    assert_int_equal(queue.free, SIZE);
    assert_int_equal(*queue.used_event, 0xffff);
}

static void a_queue_is_shown_when_it_is_whole(void **state)
{
    (void)state;
    at_fence = the_queue_is_ready_after_its_memory_is;
    assert_int_equal(virtqueue_open(&queue, &device, 0, SIZE), QUOLL_OK);
    assert_int_equal(writes, 1);
    assert_int_equal(registers.queue_ready, 1);
    assert_int_equal(registers.queue_descriptors.high, 0x1234); /* 64 bits of address */
    assert_int_equal(registers.queue_descriptors.low, 0x56789000);
    assert_int_equal(registers.queue_used.high, 0x1234);
}

static void publish_fences(void)
{
    if (fulls == 0) { /* before the index: the chain is there, unseen */
        assert_int_equal(queue.descriptors[queue.available->ring[0]].address, 0x1000);
        assert_int_equal(queue.available->index, 0);
    } else { /* before the look at the device's wish: the index is there */
        index_seen = queue.available->index;
        volatile uint16_t *event = (volatile uint16_t *)(volatile void *)&queue.used->ring[SIZE];
        *event = 0; /* and now it wishes */
    }
}

static void a_chain_is_shown_when_it_is_whole_and_a_wish_is_seen(void **state)
{
    (void)state;
    open_queue();
    registers.queue_notify = 99;
    volatile uint16_t *event = (volatile uint16_t *)(volatile void *)&queue.used->ring[SIZE];
    *event = 0x8000; /* not now */
    virtqueue_add_one(&queue, (struct virtqueue_part){0x1000, 64, true}, 7);
    at_fence = publish_fences;
    virtqueue_publish(&queue);
    assert_int_equal(writes, 1);
    assert_int_equal(fulls, 1);
    assert_int_equal(index_seen, 1);
    assert_int_equal(registers.queue_notify, 0);
}

static void the_device_writes_the_entry(void)
{
    queue.used->ring[0].id = queue.available->ring[0];
    queue.used->ring[0].length = 5;
}

static void an_answer_is_read_after_the_index(void **state)
{
    struct virtqueue_done done;

    (void)state;
    open_queue();
    virtqueue_add_one(&queue, (struct virtqueue_part){0x1000, 64, true}, 7);
    virtqueue_publish(&queue);
    queue.used->ring[0].id = 77; /* old */
    queue.used->index = 1;
    at_fence = the_device_writes_the_entry;
    assert_int_equal(virtqueue_look(&queue), 1);
    assert_int_equal(reads, 1);
    assert_true(virtqueue_take(&queue, &done));
    assert_int_equal(done.length, 5);
}

static void the_device_is_done(void)
{
    if (fulls == 1) {
        assert_int_equal(*queue.used_event, 0); /* what we ask for is there */
        queue.used->index = 1;
    }
}

static void who_goes_to_sleep_looks_once_more(void **state)
{
    (void)state;
    open_queue();
    virtqueue_add_one(&queue, (struct virtqueue_part){0x1000, 64, true}, 7);
    virtqueue_publish(&queue);
    fulls = 0;
    at_fence = the_device_is_done;
    assert_false(virtqueue_sleep(&queue, 1));
    assert_int_equal(queue.ready, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(a_queue_is_shown_when_it_is_whole),
        IN_A_PD(a_chain_is_shown_when_it_is_whole_and_a_wish_is_seen),
        IN_A_PD(an_answer_is_read_after_the_index),
        IN_A_PD(who_goes_to_sleep_looks_once_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
