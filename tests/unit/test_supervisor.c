/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "fake_pd.h"

#include "core/pd.c"
#include "supervisor/supervisor.c"

static int set_up(void **state)
{
    (void)state;
    fake_reset();
    memset(children, 0, sizeof children);
    strcpy(fake_config.name, "supervisor");
    strcpy(fake_config.link[0].name, "web");
    strcpy(fake_config.link[1].name, "nic");
    fake_config.children = 2;
    fake_config.pd = 2;
    memset(fake_registers, 0, sizeof fake_registers);
    init();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void strike(microkit_child child, uint64_t label)
{
    microkit_msginfo reply;

    assert_false(fault(child, (microkit_msginfo){.label = label}, &reply));
}

static void a_child_that_faults_begins_its_next_life(void **state)
{
    (void)state;
    fake_registers[seL4_VMFault_IP] = 0x200160;
    fake_registers[seL4_VMFault_Addr] = 0xdead0000;
    fake_registers[seL4_VMFault_FSR] = 1U << 6;
    strike(1, seL4_Fault_VMFault);
    assert_int_equal(fake_restarts(1), 1);
    assert_int_equal(fake_entry, 0x200000);
    assert_int_equal(fake_stops(1), 0);
    assert_int_equal(fake_restarts(0), 0);
    assert_int_equal(fake_lives[1], 1);
    assert_int_equal(fake_lives[0], 0);
    assert_int_equal(counters()->link[1][COUNT_LIVES], 1);
    assert_int_equal(counters()->link[0][COUNT_LIVES], 0);
    assert_string_equal(fake_output(),
                        "supervisor: nic wrote 0xdead0000 at pc 0x200160: begins life 2\n");
}

static void each_kind_of_fault_is_named(void **state)
{
    static const struct {
        uint64_t label;
        uint8_t index[3];
        uint64_t value[3];
        const char *text;
    } faults[] = {
        {seL4_Fault_VMFault, {0, 1, 3}, {0x10, 0x20, 0}, "read 0x20 at pc 0x10"},
        {seL4_Fault_VMFault, {0, 1, 2}, {0x20, 0x20, 1}, "fetched code 0x20 at pc 0x20"},
        {seL4_Fault_UserException, {0, 4, 3}, {0x30, 7, 1}, "trapped: code 0x7 at pc 0x30"},
        {seL4_Fault_UnknownSyscall,
         {8, 12, 0},
         {0x40, 99, 5},
         "made the unknown system call 0x63 at pc 0x40"},
        {seL4_Fault_CapFault,
         {0, 1, 2},
         {0x50, 9, 0},
         "used the invalid capability 0x9 at pc 0x50"},
        {seL4_Fault_VCPUFault, {0, 1, 2}, {0xf20003e8, 0, 0}, "gave up: brk, syndrome 0xf20003e8"},
        {seL4_Fault_VCPUFault, {0, 1, 2}, {0x02000000, 0, 0}, "trapped: syndrome 0x2000000"},
        {seL4_Fault_DebugException, {0, 1, 2}, {0x60, 3, 0}, "gave up: brk, reason 0x3 at pc 0x60"},
        {seL4_Fault_Timeout, {0, 1, 2}, {3, 0, 0}, "used up its budget 0x3"},
        {77, {0, 1, 2}, {0, 0, 0}, "faulted in an unknown way 0x4d"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        memset(fake_registers, 0, sizeof fake_registers);
        for (unsigned n = 0; n < 3; n++) {
            fake_registers[faults[i].index[n]] = faults[i].value[n];
        }
        fake_time += QUOLL_S(60);
        strike(0, faults[i].label);
        assert_non_null(strstr(fake_output(), faults[i].text));
        assert_int_equal(fake_restarts(0), 1);
    }
}

static void faults_in_a_row_end_in_a_stop(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 5; n++) {
        strike(0, seL4_Fault_VMFault);
        fake_time += QUOLL_S(9);
    }
    assert_int_equal(fake_restarts(0), 5);
    assert_int_equal(fake_stops(0), 0);
    (void)fake_output();
    strike(0, seL4_Fault_VMFault);
    assert_int_equal(fake_restarts(0), 0);
    assert_int_equal(fake_stops(0), 1);
    assert_int_equal(fake_lives[0], 6); /* so that its links are down */
    assert_string_equal(fake_output(), "supervisor: web read 0x0: stopped for good; faults in a "
                                       "row: 6\n");
}

static void good_service_earns_lives_back(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 50; n++) {
        strike(0, seL4_Fault_VMFault);
        fake_time += n % 5 == 4 ? QUOLL_S(11) : QUOLL_MS(1);
    }
    assert_int_equal(fake_restarts(0), 50);
    assert_int_equal(fake_stops(0), 0);
}

static void each_child_has_lives_of_its_own(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 6; n++) {
        strike(0, seL4_Fault_VMFault);
    }
    assert_int_equal(fake_stops(0), 1);
    strike(1, seL4_Fault_VMFault);
    assert_int_equal(fake_restarts(1), 1);
    assert_int_equal(fake_stops(1), 0);
}

static void the_last_child_is_within_bounds(void **state)
{
    (void)state;
    strcpy(fake_config.link[QUOLL_MAX_LINKS - 1].name, "last");
    strike(QUOLL_MAX_LINKS - 1, seL4_Fault_VMFault);
    assert_int_equal(fake_lives[QUOLL_MAX_LINKS - 1], 1);
    assert_non_null(strstr(fake_output(), "last read"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(a_child_that_faults_begins_its_next_life),
        IN_A_PD(each_kind_of_fault_is_named),
        IN_A_PD(faults_in_a_row_end_in_a_stop),
        IN_A_PD(good_service_earns_lives_back),
        IN_A_PD(each_child_has_lives_of_its_own),
        IN_A_PD(the_last_child_is_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
