/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtqueue against a device, played by the test, that keeps the protocol and then
 * breaks it in every way that it can.
 */
#include <string.h>

#include "fake_pd.h"

#include <quoll/virtqueue.h>

#include "bus/virtio/registers.h"

#define SIZE 8U
#define IO   0x40000000ULL

static struct {
    struct virtio_registers registers;
    unsigned char config[16];
} mapped;
#define REGISTERS mapped.registers

static struct virtio_device device;
static struct virtqueue queue;
static struct quoll_region_config dma;
static uint16_t device_used; /* the device's own index */

static volatile uint16_t *used_event(void)
{
    return &queue.available->ring[queue.size];
}

static volatile uint16_t *avail_event(void)
{
    void *word = (void *)(uintptr_t)&queue.used->ring[queue.size];

    return word;
}

static void open_queue(bool event_index)
{
    memset(&queue, 0, sizeof queue);
    memset(&mapped, 0, sizeof mapped);
    REGISTERS.queue_size_max = SIZE;
    device = (struct virtio_device){
        .registers = &REGISTERS,
        .features = {event_index ? UINT64_C(1) << VIRTIO_F_EVENT_IDX : 0},
        .dma = (unsigned char *)(uintptr_t)dma.vaddr,
        .dma_io = IO,
        .dma_size = dma.size,
    };
    memset(device.dma, 0xee, device.dma_size);
    device_used = 0;
    assert_int_equal(virtqueue_open(&queue, &device, 1, 256), QUOLL_OK);
    REGISTERS.queue_notify = 99;
}

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    fake_region(&dma, VIRTQUEUE_DMA(SIZE), IO);
    open_queue(true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static struct virtqueue_part readable(uint64_t address, uint32_t length)
{
    return (struct virtqueue_part){address, length, false};
}

static struct virtqueue_part writable(uint64_t address, uint32_t length)
{
    return (struct virtqueue_part){address, length, true};
}

/* The device is done with a chain. */
static void use(uint32_t id, uint32_t length)
{
    queue.used->ring[device_used % SIZE].id = id;
    queue.used->ring[device_used % SIZE].length = length;
    queue.used->index = ++device_used;
}

static bool kicked(void)
{
    bool was = REGISTERS.queue_notify != 99;

    if (was) {
        assert_int_equal(REGISTERS.queue_notify, 1);
    }
    REGISTERS.queue_notify = 99;
    return was;
}

static void assert_broken(void)
{
    struct virtqueue_done done;

    assert_true(queue.broken && device.failed);
    assert_int_equal(virtqueue_look(&queue), 0);
    assert_false(virtqueue_take(&queue, &done));
    assert_int_equal(virtqueue_room(&queue), 0);
    assert_true(virtqueue_sleep(&queue, 1));
    (void)virtio_reset(&device);
    assert_int_equal(fake_pd_count(COUNT_DEVICE_ERRORS), 1);
    assert_false(device.failed);
    (void)virtio_reset(&device); /* once said */
    assert_int_equal(fake_pd_count(COUNT_DEVICE_ERRORS), 1);
}

static void opening_tells_the_device_where_the_rings_are(void **state)
{
    (void)state;
    assert_int_equal(REGISTERS.queue_select, 1);
    assert_int_equal(REGISTERS.queue_size, SIZE);
    assert_int_equal(REGISTERS.queue_ready, 1);
    assert_int_equal(REGISTERS.queue_descriptors.low, IO);
    assert_int_equal(REGISTERS.queue_available.low,
                     IO + (uint64_t)((uintptr_t)queue.available - dma.vaddr));
    assert_int_equal(REGISTERS.queue_used.low, IO + (uint64_t)((uintptr_t)queue.used - dma.vaddr));
    assert_int_equal(queue.available->index, 0);
    assert_int_equal(queue.used->index, 0);
    assert_int_equal(*avail_event(), 0);
    assert_int_equal(*used_event(), 0xffff);
    assert_int_equal(virtqueue_room(&queue), SIZE);
    assert_int_equal(virtqueue_look(&queue), 0);
}

static void the_smaller_size_wins_rounded_down(void **state)
{
    const struct {
        uint32_t most;
        uint16_t wish, size;
    } cases[] = {{8, 4, 4}, {6, 8, 4}, {1, 8, 1}, {1024, 8, 8}, {7, 7, 4}};

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&mapped, 0, sizeof mapped);
        REGISTERS.queue_size_max = cases[i].most;
        device.dma_used = 0;
        assert_int_equal(virtqueue_open(&queue, &device, 0, cases[i].wish), QUOLL_OK);
        assert_int_equal(queue.size, cases[i].size);
    }
}

static void a_queue_that_is_not_there_or_does_not_fit_is_refused(void **state)
{
    (void)state;
    memset(&mapped, 0, sizeof mapped);
    assert_int_equal(virtqueue_open(&queue, &device, 3, 8), QUOLL_ENOTFOUND);
    REGISTERS.queue_size_max = 8;
    assert_int_equal(virtqueue_open(&queue, &device, 3, 8), QUOLL_EBUSY); /* memory used up */
    assert_int_equal(REGISTERS.queue_ready, 0);
    REGISTERS.queue_ready = 1;
    device.dma_used = 0;
    assert_int_equal(virtqueue_open(&queue, &device, 3, 8), QUOLL_ENOTFOUND);
}

static void a_single_buffer_goes_and_comes_back(void **state)
{
    struct virtqueue_done done;

    (void)state;
    virtqueue_add_one(&queue, writable(0x1234567890, 1526), 42);
    assert_int_equal(queue.available->index, 0);
    virtqueue_publish(&queue);
    assert_int_equal(queue.available->index, 1);
    assert_true(kicked());
    uint16_t id = queue.available->ring[0];
    assert_int_equal(queue.descriptors[id].address, 0x1234567890);
    assert_int_equal(queue.descriptors[id].length, 1526);
    assert_int_equal(queue.descriptors[id].flags, VIRTQ_WRITE);
    assert_int_equal(virtqueue_room(&queue), SIZE - 1);
    use(id, 1526);
    assert_int_equal(virtqueue_look(&queue), 1);
    assert_true(virtqueue_take(&queue, &done));
    assert_int_equal(done.cookie, 42);
    assert_int_equal(done.length, 1526);
    assert_int_equal(virtqueue_room(&queue), SIZE);
    assert_false(virtqueue_take(&queue, &done));
    assert_false(queue.broken);
}

static void a_chain_is_linked_and_freed_as_one(void **state)
{
    const struct virtqueue_part parts[] = {readable(1, 16), writable(2, 512), writable(3, 1)};
    struct virtqueue_done done;

    (void)state;
    virtqueue_add(&queue, parts, 3, 7);
    virtqueue_publish(&queue);
    uint16_t head = queue.available->ring[0];
    uint16_t id = head;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(queue.descriptors[id].address, i + 1);
        assert_int_equal(queue.descriptors[id].flags,
                         (i > 0 ? VIRTQ_WRITE : 0) | (i < 2 ? VIRTQ_NEXT : 0));
        id = queue.descriptors[id].next;
    }
    assert_int_equal(virtqueue_room(&queue), SIZE - 3);
    use(head, 513);
    assert_int_equal(virtqueue_look(&queue), 1);
    assert_true(virtqueue_take(&queue, &done));
    assert_int_equal(done.length, 513);
    assert_int_equal(virtqueue_room(&queue), SIZE);
}

/* Random orders and lengths, past the wrap of the 16-bit indices. */
static void any_order_of_completion_works_past_the_wrap(void **state)
{
    uint16_t heads[SIZE];
    uint32_t cookies[SIZE], n = 0, cookie = 0, random = 1;

    (void)state;
    for (unsigned step = 0; step < 200000; step++) {
        random = random * 1664525U + 1013904223U;
        unsigned length = 1 + (random >> 16) % 3;

        if ((random >> 24) % 2 == 0 && virtqueue_room(&queue) >= length) {
            const struct virtqueue_part parts[] = {readable(1, 1), readable(2, 1), writable(3, 9)};
            uint16_t slot = (uint16_t)queue.added;

            virtqueue_add(&queue, parts + 3 - length, length, cookie);
            virtqueue_publish(&queue);
            heads[n] = queue.available->ring[slot % SIZE];
            cookies[n++] = cookie++;
        } else if (n > 0) {
            struct virtqueue_done done;
            unsigned which = (random >> 8) % n;

            use(heads[which], 9);
            assert_int_equal(virtqueue_look(&queue), 1);
            assert_true(virtqueue_take(&queue, &done));
            assert_int_equal(done.cookie, cookies[which]);
            n--;
            heads[which] = heads[n];
            cookies[which] = cookies[n];
        }
    }
    assert_true(cookie > 0x12000);
    assert_false(queue.broken);
}

static void add_and_publish(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        virtqueue_add_one(&queue, writable(i, 100), i);
    }
    virtqueue_publish(&queue);
}

static void an_answer_for_a_chain_it_does_not_have_breaks_the_queue(void **state)
{
    const uint32_t ids[] = {SIZE, 0xffffffff, 0x10000, 5 /* not given */};
    struct virtqueue_done done;

    (void)state;
    for (unsigned i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        set_up(NULL);
        add_and_publish(2);
        use(ids[i], 0);
        assert_int_equal(virtqueue_look(&queue), 1);
        assert_false(virtqueue_take(&queue, &done));
        assert_broken();
    }
}

static void the_middle_of_a_chain_is_not_its_head(void **state)
{
    const struct virtqueue_part parts[] = {readable(1, 1), writable(2, 1)};
    struct virtqueue_done done;

    (void)state;
    virtqueue_add(&queue, parts, 2, 7);
    virtqueue_publish(&queue);
    use(queue.descriptors[queue.available->ring[0]].next, 0);
    assert_int_equal(virtqueue_look(&queue), 1);
    assert_false(virtqueue_take(&queue, &done));
    assert_broken();
}

static void the_same_answer_twice_breaks_the_queue(void **state)
{
    struct virtqueue_done done;

    (void)state;
    add_and_publish(2);
    use(0, 0);
    use(0, 0);
    assert_int_equal(virtqueue_look(&queue), 2);
    assert_true(virtqueue_take(&queue, &done));
    assert_false(virtqueue_take(&queue, &done));
    assert_broken();
}

static void more_bytes_than_offered_break_the_queue(void **state)
{
    struct virtqueue_done done;

    (void)state;
    virtqueue_add_one(&queue, writable(0, 100), 1);
    virtqueue_add_one(&queue, readable(0, 100), 2);
    virtqueue_publish(&queue);
    use(0, 100);
    use(1, 1); /* it may write nothing there */
    assert_int_equal(virtqueue_look(&queue), 2);
    assert_true(virtqueue_take(&queue, &done));
    assert_int_equal(done.length, 100);
    assert_false(virtqueue_take(&queue, &done));
    assert_broken();
}

static void a_used_index_beyond_what_is_outstanding_breaks_the_queue(void **state)
{
    const uint16_t indices[] = {3, 0xffff, 0x8000, SIZE};

    (void)state;
    for (unsigned i = 0; i < sizeof indices / sizeof indices[0]; i++) {
        set_up(NULL);
        add_and_publish(2);
        queue.used->index = indices[i];
        assert_int_equal(virtqueue_look(&queue), 0);
        assert_broken();
    }
}

static void a_used_index_going_back_breaks_the_queue(void **state)
{
    struct virtqueue_done done;

    (void)state;
    add_and_publish(3);
    use(0, 0);
    use(1, 0);
    assert_int_equal(virtqueue_look(&queue), 2);
    assert_true(virtqueue_take(&queue, &done));
    assert_true(virtqueue_take(&queue, &done));
    queue.used->index = 1;
    assert_int_equal(virtqueue_look(&queue), 0);
    assert_broken();
}

/* What the device writes over our parts of the rings does not come back to us. */
static void the_rings_are_not_read_back(void **state)
{
    struct virtqueue_done done;

    (void)state;
    add_and_publish(2);
    memset((void *)(uintptr_t)queue.descriptors, 0xff, SIZE * sizeof(struct virtq_descriptor));
    memset((void *)(uintptr_t)queue.available, 0xff, 4 + 2 * SIZE);
    use(1, 100);
    use(0, 50);
    assert_int_equal(virtqueue_look(&queue), 2);
    assert_true(virtqueue_take(&queue, &done));
    assert_int_equal(done.cookie, 1);
    assert_true(virtqueue_take(&queue, &done));
    assert_int_equal(done.cookie, 0);
    add_and_publish(1);
    assert_int_equal(queue.available->index, 3);
    assert_int_equal(queue.descriptors[queue.available->ring[2]].length, 100);
}

static void notifications_follow_avail_event(void **state)
{
    (void)state;
    *avail_event() = 0;
    add_and_publish(1);
    assert_true(kicked());
    add_and_publish(1);
    assert_false(kicked());
    *avail_event() = 3; /* at the fourth */
    add_and_publish(1);
    assert_false(kicked());
    add_and_publish(2);
    assert_true(kicked());
    virtqueue_publish(&queue); /* nothing new */
    assert_false(kicked());
}

static void without_event_index_notifications_follow_the_flag(void **state)
{
    (void)state;
    open_queue(false);
    add_and_publish(1);
    assert_true(kicked());
    queue.used->flags = VIRTQ_NO_NOTIFY;
    add_and_publish(1);
    assert_false(kicked());
}

static void sleeping_asks_for_an_interrupt_and_looks_once_more(void **state)
{
    struct virtqueue_done done;

    (void)state;
    add_and_publish(4);
    assert_true(virtqueue_sleep(&queue, 1));
    assert_int_equal(*used_event(), 0);
    assert_true(virtqueue_sleep(&queue, 3));
    assert_int_equal(*used_event(), 2);
    use(0, 0);
    use(1, 0);
    assert_true(virtqueue_sleep(&queue, 3));
    assert_false(virtqueue_sleep(&queue, 2));
    assert_true(virtqueue_take(&queue, &done));
    assert_true(virtqueue_take(&queue, &done));
    assert_true(virtqueue_sleep(&queue, 1));
    assert_int_equal(*used_event(), 2);
}

static void without_event_index_interrupts_are_switched(void **state)
{
    (void)state;
    open_queue(false);
    assert_int_equal(queue.available->flags, VIRTQ_NO_INTERRUPT);
    add_and_publish(2);
    assert_true(virtqueue_sleep(&queue, 2));
    assert_int_equal(queue.available->flags, 0);
    virtqueue_no_interrupts(&queue);
    assert_int_equal(queue.available->flags, VIRTQ_NO_INTERRUPT);
    use(0, 0);
    assert_false(virtqueue_sleep(&queue, 2)); /* the next one interrupts in any case */
}

static void after_a_reset_each_outstanding_chain_comes_back_once(void **state)
{
    const struct virtqueue_part parts[] = {readable(1, 1), writable(2, 1)};
    uint32_t cookie, seen = 0;
    struct virtqueue_done done;

    (void)state;
    virtqueue_add(&queue, parts, 2, 0);
    add_and_publish(3); /* cookies 0 to 2; the first 0 is used below */
    use(0, 0);
    virtqueue_look(&queue);
    assert_true(virtqueue_take(&queue, &done));
    queue.broken = true;
    while (virtqueue_reclaim(&queue, &cookie)) {
        assert_int_equal(seen >> cookie & 1, 0);
        seen |= 1U << cookie;
    }
    assert_int_equal(seen, 7);
    assert_int_equal(virtqueue_outstanding(&queue), 0);
    assert_int_equal(queue.free, SIZE);
    assert_false(virtqueue_reclaim(&queue, &cookie));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(opening_tells_the_device_where_the_rings_are),
        IN_A_PD(the_smaller_size_wins_rounded_down),
        IN_A_PD(a_queue_that_is_not_there_or_does_not_fit_is_refused),
        IN_A_PD(a_single_buffer_goes_and_comes_back),
        IN_A_PD(a_chain_is_linked_and_freed_as_one),
        IN_A_PD(any_order_of_completion_works_past_the_wrap),
        IN_A_PD(an_answer_for_a_chain_it_does_not_have_breaks_the_queue),
        IN_A_PD(the_middle_of_a_chain_is_not_its_head),
        IN_A_PD(the_same_answer_twice_breaks_the_queue),
        IN_A_PD(more_bytes_than_offered_break_the_queue),
        IN_A_PD(a_used_index_beyond_what_is_outstanding_breaks_the_queue),
        IN_A_PD(a_used_index_going_back_breaks_the_queue),
        IN_A_PD(the_rings_are_not_read_back),
        IN_A_PD(notifications_follow_avail_event),
        IN_A_PD(without_event_index_notifications_follow_the_flag),
        IN_A_PD(sleeping_asks_for_an_interrupt_and_looks_once_more),
        IN_A_PD(without_event_index_interrupts_are_switched),
        IN_A_PD(after_a_reset_each_outstanding_chain_comes_back_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
