/* SPDX-License-Identifier: BSD-2-Clause */
/* The heap against a model that searches. */
#include <stdlib.h>

#include "fake_pd.h"
#include "timer/heap.h"

#define NODES 200

static struct heap_node node[NODES];
static struct heap_node *places[NODES];
static struct heap heap;
static bool in_model[NODES];

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    for (unsigned i = 0; i < NODES; i++) {
        node[i] = (struct heap_node){0};
        in_model[i] = false;
    }
    heap = (struct heap){.nodes = places, .capacity = NODES};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void check_against_model(void)
{
    uint64_t earliest = UINT64_MAX;
    unsigned count = 0;

    for (unsigned i = 0; i < NODES; i++) {
        assert_int_equal(heap_has(&node[i]), in_model[i]);
        if (in_model[i]) {
            count++;
            earliest = node[i].when < earliest ? node[i].when : earliest;
            assert_ptr_equal(heap.nodes[node[i].place - 1], &node[i]);
        }
    }
    assert_int_equal(heap.count, count);
    if (count == 0) {
        assert_null(heap_first(&heap));
    } else {
        assert_int_equal(heap_first(&heap)->when, earliest);
    }
}

static void random_operations_agree_with_the_model(void **state)
{
    (void)state;
    srand(1);
    for (unsigned n = 0; n < 50000; n++) {
        unsigned i = (unsigned)rand() % NODES;

        if (rand() % 3 == 0) {
            heap_remove(&heap, &node[i]);
            in_model[i] = false;
        } else {
            heap_put(&heap, &node[i], (uint64_t)rand() % 1000);
            in_model[i] = true;
        }
        check_against_model();
    }
}

static void all_come_out_in_order(void **state)
{
    uint64_t last = 0;

    (void)state;
    srand(2);
    for (unsigned i = 0; i < NODES; i++) {
        heap_put(&heap, &node[i], (uint64_t)rand());
    }
    for (unsigned i = 0; i < NODES; i++) {
        struct heap_node *first = heap_first(&heap);

        assert_true(first->when >= last);
        last = first->when;
        heap_remove(&heap, first);
    }
    assert_null(heap_first(&heap));
}

static void times_at_the_ends_of_the_range_are_ordered(void **state)
{
    (void)state;
    heap_put(&heap, &node[0], UINT64_MAX);
    heap_put(&heap, &node[1], 0);
    heap_put(&heap, &node[2], UINT64_MAX - 1);
    assert_ptr_equal(heap_first(&heap), &node[1]);
    heap_remove(&heap, &node[1]);
    assert_ptr_equal(heap_first(&heap), &node[2]);
    heap_put(&heap, &node[0], 1);
    assert_ptr_equal(heap_first(&heap), &node[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(random_operations_agree_with_the_model),
        IN_A_PD(all_come_out_in_order),
        IN_A_PD(times_at_the_ends_of_the_range_are_ordered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
