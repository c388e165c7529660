/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transport against a model of a device's registers. The model takes the place of
 * <quoll/mmio.h>, so each access passes through it.
 */
#include <string.h>

#include "fake_pd.h"

#define QUOLL_MMIO_H
#include <quoll/time.h>

#include "bus/virtio/registers.h"

static struct {
    struct virtio_registers registers;
    unsigned char config[16];
} place;

static struct model {
    uint64_t features, accepted;
    uint32_t status;
    bool refuses_features, hangs, restless; /* restless: the configuration never stands still */
    uint32_t config_changes;                /* that are still to come */
    uint32_t statuses[16];
    unsigned written;
} model;

#define OFFSET(at)    ((size_t)((const volatile unsigned char *)(at) - (unsigned char *)&place))
#define IS(at, field) (OFFSET(at) == offsetof(struct virtio_registers, field))

static uint32_t mmio_read32(const volatile uint32_t *at)
{
    if (IS(at, device_features)) {
        return (uint32_t)(model.features >> (place.registers.device_features_select * 32));
    }
    if (IS(at, status)) {
        return model.status;
    }
    if (IS(at, config_generation) && (model.restless || model.config_changes > 0)) {
        model.config_changes -= !model.restless;
        place.config[0] += 1;
        return place.registers.config_generation++;
    }
    return *at;
}

static uint16_t mmio_read16(const volatile uint16_t *at)
{
    return *at;
}

static uint8_t mmio_read8(const volatile uint8_t *at)
{
    return *at;
}

static void mmio_write32(volatile uint32_t *at, uint32_t value)
{
    if (IS(at, driver_features)) {
        model.accepted |= (uint64_t)value << (place.registers.driver_features_select * 32);
    } else if (IS(at, status)) {
        model.statuses[model.written++ % 16] = value;
        if (value == 0 && model.hangs) {
            return;
        }
        model.status = model.refuses_features ? value & ~VIRTIO_STATUS_FEATURES_OK : value;
    } else {
        *at = value;
    }
}

static void mmio_change32(volatile uint32_t *at, uint32_t mask, uint32_t value)
{
    mmio_write32(at, (mmio_read32(at) & ~mask) | (value & mask));
}

static bool mmio_wait32(const volatile uint32_t *at, uint32_t mask, uint32_t value,
                        uint64_t timeout)
{
    assert_true(timeout <= QUOLL_S(1));
    return (mmio_read32(at) & mask) == value;
}

#include "bus/virtio/mmio.c"

enum { F_FIRST = 3, F_SECOND = 40 };

static const struct virtio_wish wishes[] = {
    VIRTIO_REQUIRE(F_FIRST),
    VIRTIO_ACCEPT(F_SECOND),
};

static struct virtio_device device;

static int set_up(void **state)
{
    struct quoll_device_config *config = &fake_config.device;

    (void)state;
    fake_reset();
    memset(&model, 0, sizeof model);
    memset(&place, 0, sizeof place);
    model.features = UINT64_C(1) << VIRTIO_F_VERSION_1 | 1U << F_FIRST;
    place.registers.magic = VIRTIO_MAGIC;
    place.registers.version = 2;
    place.registers.device_id = VIRTIO_ID_NET;
    fake_region(&config->dma, 4096, 0x5000);
    config->registers[0] =
        (struct quoll_region_config){.vaddr = (uintptr_t)&place, .size = sizeof place};
    assert_int_equal(virtio_find(&device, VIRTIO_ID_NET, "a network device"), QUOLL_OK);
    (void)fake_output();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_finish();
    return 0;
}

static void what_is_not_a_modern_device_of_the_kind_is_refused_by_name(void **state)
{
    (void)state;
    place.registers.version = 1;
    assert_int_equal(virtio_find(&device, VIRTIO_ID_NET, "a network device"), QUOLL_EUNSUPPORTED);
    assert_string_equal(fake_output(),
                        "test: virtio-mmio version 1: only version 2 is supported, not legacy "
                        "devices (QEMU: -global virtio-mmio.force-legacy=false)\n");
    place.registers.version = 2;
    place.registers.device_id = VIRTIO_ID_BLOCK;
    assert_int_equal(virtio_find(&device, VIRTIO_ID_NET, "a network device"), QUOLL_ENOTFOUND);
    assert_string_equal(fake_output(), "test: virtio device of type 2 where a network device "
                                       "(type 1) should be\n");
    place.registers.device_id = 0;
    assert_int_equal(virtio_find(&device, VIRTIO_ID_NET, "a network device"), QUOLL_ENOTFOUND);
    assert_string_equal(fake_output(), "test: virtio device of type 0 where a network device "
                                       "(type 1) should be: nothing is plugged in\n");
    place.registers.magic = 0;
    assert_int_equal(virtio_find(&device, VIRTIO_ID_NET, "a network device"), QUOLL_ENOTFOUND);
    assert_string_equal(fake_output(), "test: there is no virtio device at its place\n");
}

static void the_status_follows_the_specification(void **state)
{
    const uint32_t expected[] = {0, 1, 3, 11, 15};

    (void)state;
    assert_int_equal(virtio_reset(&device), QUOLL_OK);
    assert_int_equal(virtio_begin(&device, wishes, 2), QUOLL_OK);
    virtio_run(&device);
    assert_int_equal(model.written, 5);
    assert_memory_equal(model.statuses, expected, sizeof expected);
    assert_int_equal(fake_pd_count(COUNT_RESETS), 1);
}

static void a_device_that_does_not_reset_is_given_up_in_time(void **state)
{
    (void)state;
    model.status = 15;
    model.hangs = true;
    assert_int_equal(virtio_reset(&device), QUOLL_ETIMEDOUT);
    assert_int_equal(model.status, 15);
}

static void features_are_what_both_sides_want(void **state)
{
    (void)state;
    model.features |= UINT64_C(1) << F_SECOND | 1U << VIRTIO_F_EVENT_IDX | 1U << 5 | 1U << 0;
    assert_int_equal(virtio_begin(&device, wishes, 2), QUOLL_OK);
    assert_int_equal(model.accepted, UINT64_C(1) << VIRTIO_F_VERSION_1 | UINT64_C(1) << F_SECOND |
                                         1U << VIRTIO_F_EVENT_IDX | 1U << F_FIRST);
    assert_int_equal(device.features.set, model.accepted);
    assert_true(virtio_has(device.features, F_SECOND));
    assert_false(virtio_has(device.features, 5));
}

static void missing_features_are_named_and_the_device_is_failed(void **state)
{
    (void)state;
    model.features = 0;
    assert_int_equal(virtio_begin(&device, wishes, 2), QUOLL_EUNSUPPORTED);
    assert_string_equal(fake_output(), "test: the device lacks the feature VIRTIO_F_VERSION_1\n");
    assert_true((model.status & VIRTIO_STATUS_FAILED) != 0);
    assert_int_equal(model.accepted, 0);

    model.features = UINT64_C(1) << VIRTIO_F_VERSION_1;
    assert_int_equal(virtio_begin(&device, wishes, 2), QUOLL_EUNSUPPORTED);
    assert_string_equal(fake_output(), "test: the device lacks the feature F_FIRST\n");
}

static void a_device_that_takes_the_choice_back_is_failed(void **state)
{
    (void)state;
    model.refuses_features = true;
    assert_int_equal(virtio_begin(&device, wishes, 2), QUOLL_EUNSUPPORTED);
    assert_string_equal(fake_output(), "test: the device does not accept the features 100000008\n");
    assert_true((model.status & VIRTIO_STATUS_FAILED) != 0);
    assert_int_equal(device.features.set, 0);
}

static void the_configuration_is_read_in_one_piece_or_not_at_all(void **state)
{
    uint8_t got[6];

    (void)state;
    memcpy(place.config, "abcdef", 6);
    assert_true(virtio_read_config(&device, 0, got, sizeof got, 1));
    assert_memory_equal(got, "abcdef", 6);
    model.config_changes = 3;
    assert_true(virtio_read_config(&device, 0, got, sizeof got, 2));
    assert_memory_equal(got, "dbcdef", 6);
    model.restless = true;
    assert_false(virtio_read_config(&device, 0, got, sizeof got, 1));
    assert_memory_equal(got, "\0\0\0\0\0\0", 6);
}

static void the_configuration_ends_where_the_registers_do(void **state)
{
    uint8_t got[16];

    (void)state;
    assert_true(virtio_read_config(&device, 12, got, 4, 4));
    assert_false(virtio_read_config(&device, 13, got, 4, 1));
    assert_false(virtio_read_config(&device, 17, got, 1, 1));
    assert_false(virtio_read_config(&device, SIZE_MAX, got, 2, 1));
}

static void interrupts_are_acknowledged_as_they_were_read(void **state)
{
    (void)state;
    place.registers.interrupt_status = 3;
    assert_int_equal(virtio_interrupted(&device), 3);
    assert_int_equal(place.registers.interrupt_acknowledge, 3);
}

static void dma_memory_is_handed_out_zeroed_once_and_again_after_a_reset(void **state)
{
    uint64_t io;
    unsigned char *memory = (unsigned char *)(uintptr_t)fake_config.device.dma.vaddr;

    (void)state;
    memset(memory, 0xff, 4096);
    assert_ptr_equal(virtio_dma(&device, 100, 64, &io), memory);
    assert_int_equal(io, 0x5000);
    assert_int_equal(memory[99], 0);
    assert_ptr_equal(virtio_dma(&device, 4096 - 128, 64, &io), memory + 128);
    assert_int_equal(io, 0x5080);
    assert_null(virtio_dma(&device, 1, 1, &io));
    assert_null(virtio_dma(&device, SIZE_MAX, 64, &io));
    assert_int_equal(virtio_reset(&device), QUOLL_OK);
    assert_ptr_equal(virtio_dma(&device, 4096, 64, &io), memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PD(what_is_not_a_modern_device_of_the_kind_is_refused_by_name),
        IN_A_PD(the_status_follows_the_specification),
        IN_A_PD(a_device_that_does_not_reset_is_given_up_in_time),
        IN_A_PD(features_are_what_both_sides_want),
        IN_A_PD(missing_features_are_named_and_the_device_is_failed),
        IN_A_PD(a_device_that_takes_the_choice_back_is_failed),
        IN_A_PD(the_configuration_is_read_in_one_piece_or_not_at_all),
        IN_A_PD(the_configuration_ends_where_the_registers_do),
        IN_A_PD(interrupts_are_acknowledged_as_they_were_read),
        IN_A_PD(dma_memory_is_handed_out_zeroed_once_and_again_after_a_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
