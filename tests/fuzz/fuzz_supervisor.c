/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor: what the kernel says of a child's fault is made of the child's own
 * numbers. Whatever they are, the faulting child alone gets a new life or is stopped, one
 * that keeps faulting is stopped, and no name or number of it can disturb the log.
 */
#include <string.h>

#include "fake_pd.h"
#include "fuzz.h"

#pragma clang section bss = "zeroed"
#include "supervisor/supervisor.c"
#pragma clang section bss = ""

#define CHILDREN 5U
#define MOST     2000U

static void set_up(void)
{
    fake_reset();
    for (unsigned i = 0; i < CHILDREN; i++) {
        struct fake_peer child;

        fake_link(&child, LINK_NONE, "child", 1, 1, 1, 1);
    }
    fuzz_run(MOST, init());
}

/* One line of printable characters. */
static void check_log(const char *log)
{
    size_t length = strlen(log);

    FUZZ_CHECK(length > 0 && log[length - 1] == '\n');
    for (size_t i = 0; i + 1 < length; i++) {
        FUZZ_CHECK(log[i] >= ' ' && log[i] <= '~');
    }
}

static void fault_as_child(unsigned *faults, uint64_t *last)
{
    microkit_child child = fuzz_below(CHILDREN);
    microkit_msginfo info = {.label = fuzz_odd(fuzz_below(10), seL4_Fault_VCPUFault)};
    microkit_msginfo reply;
    uint32_t lives[CHILDREN];

    for (unsigned i = 0; i < 16; i++) {
        fake_registers[i] = fuzz_odd(0, 0);
    }
    for (unsigned i = 0; i < CHILDREN; i++) {
        lives[i] = fake_lives[i];
    }
    bool answered = true;

    fuzz_run(MOST, answered = fault(child, info, &reply));
    FUZZ_CHECK(!answered);
    faults[child] = fake_time - last[child] > QUOLL_S(10) ? 1 : faults[child] + 1;
    last[child] = fake_time;
    for (unsigned i = 0; i < CHILDREN; i++) {
        FUZZ_CHECK(fake_lives[i] == lives[i] + (i == child));
        FUZZ_CHECK(fake_restarts(i) == (i == child && faults[i] <= 5));
        FUZZ_CHECK(fake_stops(i) == (i == child && faults[i] > 5));
    }
    check_log(fake_output());
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    unsigned faults[CHILDREN] = {0};
    uint64_t last[CHILDREN] = {0};

    fuzz_begin(input, size);
    set_up();
    while (fuzz_more()) {
        if (fuzz8() % 4U == 0) {
            fake_time += fuzz_odd(QUOLL_S(10), QUOLL_S(1)) % QUOLL_S(100);
        } else {
            fault_as_child(faults, last);
        }
    }
    fake_finish();
    return 0;
}
