/* SPDX-License-Identifier: BSD-2-Clause */
/* In a network driver's place: its start never ends. */
#include <quoll/config.h>
#include <quoll/pd.h>

QUOLL_DRIVER(.class_name = "net", .compatible = {"virtio,mmio"}, .registers = 1,
             .register_size = {0x200}, .interrupts = 1, .dma_size = 0x1000);

void pd_start(void)
{
    for (;;) {
        __asm__ volatile("" : : "r"(&quoll_driver) : "memory"); /* and so the linker keeps it */
    }
}

void pd_wake(microkit_channel channel)
{
    (void)channel;
}
