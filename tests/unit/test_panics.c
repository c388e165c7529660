/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A protection domain's own broken invariants: it says which, and faults. Also what every
 * program does at its start with what the composer wrote.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "fake_pd.h"

#include <quoll/dma.h>
#include <quoll/link.h>
#include <quoll/panic.h>
#include <quoll/pd.h>
#include <quoll/virtqueue.h>

#include "bus/virtio/registers.h"
#include "timer/heap.h"

static sigjmp_buf before;
static unsigned starts;

void pd_start(void)
{
    starts++;
}

void pd_wake(microkit_channel channel)
{
    (void)channel;
}

static void on_fault(int number)
{
    siglongjmp(before, number);
}

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    starts = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

/* The statement must end in a fault that says this. (cmocka has handlers of its own.) */
#define PANICS(statement, text)                                                                    \
    do {                                                                                           \
        void (*ill)(int) = signal(SIGILL, on_fault);                                               \
        void (*trap)(int) = signal(SIGTRAP, on_fault);                                             \
        if (sigsetjmp(before, 1) == 0) {                                                           \
            statement;                                                                             \
            fail_msg("no fault: %s", #statement);                                                  \
        }                                                                                          \
        (void)signal(SIGILL, ill);                                                                 \
        (void)signal(SIGTRAP, trap);                                                               \
        assert_non_null(strstr(fake_output(), text));                                              \
    } while (0)

static void a_panic_says_why_and_faults(void **state)
{
    (void)state;
    PANICS(quoll_panic("no %s of %d", "lease", 42), "test: panic: no lease of 42\n");
    QUOLL_INVARIANT(1 + 1 == 2);
    PANICS(QUOLL_INVARIANT(1 + 1 == 3), "broken invariant: 1 + 1 == 3");
}

static void programs_of_other_composers_do_not_start(void **state)
{
    (void)state;
    init();
    assert_int_equal(starts, 1);
    fake_config.magic += 1U;
    PANICS(init(), "test: not composed by quoll, or by another version of it\n");
    fake_config.magic -= 1U;
    fake_config.version += 1U;
    PANICS(init(), "not composed by quoll");
    assert_int_equal(starts, 1);
}

static void links_are_opened_once_and_tell_little(void **state)
{
    static struct link link;
    struct fake_peer peer;
    unsigned char info[LINK_INFO_SIZE + 1] = {0};

    (void)state;
    fake_link(&peer, LINK_TIMER_DEVICE, "peer", 4, 4, 4, 4);
    memset(&link, 0, sizeof link);
    link_open(&link, peer.config, 4);
    PANICS(link_open(&link, peer.config, 4), "link->config == NULL && quoll_can_signal(config->channel)");
    PANICS(link_tell(&link, info, sizeof info), "size <= sizeof mine->info");
    PANICS((void)link_told(&link, info, sizeof info), "size <= sizeof peer->info");
    link_tell(&link, info, LINK_INFO_SIZE);
}

static void virtqueues_have_a_size_and_chains_fit(void **state)
{
    static struct virtio_registers registers = {.queue_size_max = 4};
    static struct virtqueue queue;
    struct quoll_region_config memory;
    struct virtqueue_part parts[5] = {{0x1000, 1, false}};

    (void)state;
    fake_region(&memory, VIRTQUEUE_DMA(4), 0x40000000);
    struct virtio_device device = {.registers = &registers,
                                   .dma = (unsigned char *)(uintptr_t)memory.vaddr,
                                   .dma_io = 0x40000000,
                                   .dma_size = memory.size};

    PANICS((void)virtqueue_open(&queue, &device, 0, 0), "wish >= 1");
    PANICS((void)virtqueue_open(&queue, &device, 0, VIRTQUEUE_MAX + 1), "wish <= VIRTQUEUE_MAX");
    assert_int_equal(virtqueue_open(&queue, &device, 0, 4), QUOLL_OK);
    PANICS(virtqueue_add(&queue, parts, 0, 0), "number >= 1");
    PANICS(virtqueue_add(&queue, parts, 5, 0), "number <= queue->free");
    virtqueue_add(&queue, parts, 4, 0);
    assert_int_equal(virtqueue_room(&queue), 0);
}

/* Each of the three parts may be the one that finds no memory. */
static void a_virtqueue_needs_all_of_its_memory(void **state)
{
    static struct virtio_registers registers = {.queue_size_max = 4};
    static struct virtqueue queue;
    struct quoll_region_config memory;

    (void)state;
    registers.queue_ready = 0;
    fake_region(&memory, 4096, 0x40000000);
    for (size_t size = 0; size <= VIRTQUEUE_DMA(4); size++) {
        struct virtio_device device = {.registers = &registers,
                                       .dma = (unsigned char *)(uintptr_t)memory.vaddr,
                                       .dma_io = 0x40000000,
                                       .dma_size = size};
        enum quoll_error error = virtqueue_open(&queue, &device, 0, 4);

        assert_int_equal(error, size < 64 + 64 + 40 ? QUOLL_EBUSY : QUOLL_OK);
        assert_int_equal(registers.queue_ready, error == QUOLL_OK);
        registers.queue_ready = 0;
    }
    /* Memory that is used up to beyond its end, by alignment. */
    struct virtio_device device = {.dma_size = 100, .dma_used = 90};
    uint64_t io;

    assert_null(virtio_dma(&device, 1, 64, &io));
}

static void a_heap_holds_what_it_has_room_for(void **state)
{
    struct heap_node first = {0}, second = {0}, *room[1];
    struct heap heap = {.nodes = room, .capacity = 1};

    (void)state;
    heap_put(&heap, &first, 5);
    heap_put(&heap, &first, 6); /* is in it already */
    PANICS(heap_put(&heap, &second, 5), "heap->count < heap->capacity");
}

/* On machines that are coherent with their devices, this one for instance, nothing happens. */
static void caches_are_cared_for_line_by_line(void **state)
{
    static const unsigned char line[3 * QUOLL_CACHE_LINE] = {1, 2, 3};

    (void)state;
    cache_clean(line + 5, 2 * QUOLL_CACHE_LINE);
    cache_invalidate(line, sizeof line);
    cache_clean(line, 0);
    cache_invalidate(line, 0);
    assert_int_equal(line[2], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(a_panic_says_why_and_faults),
        IN_A_PD(programs_of_other_composers_do_not_start),
        IN_A_PD(links_are_opened_once_and_tell_little),
        IN_A_PD(virtqueues_have_a_size_and_chains_fit),
        IN_A_PD(a_virtqueue_needs_all_of_its_memory),
        IN_A_PD(a_heap_holds_what_it_has_room_for),
        IN_A_PD(caches_are_cared_for_line_by_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
