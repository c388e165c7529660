/* SPDX-License-Identifier: BSD-2-Clause */
/* queue: instructions per entry put and taken, by size of entry and batch (pd_queue.c). */
#include "../plan.h"
#include "figures.h"

static const char system_yaml[] = "board: qemu_virt_aarch64\n"
                                  "devices:\n"
                                  "  console: {class: serial, node: /pl011@9000000}\n"
                                  "clients:\n"
                                  "  queue: {program: queue.elf, console: }\n";

void set_queue(void)
{
    struct guest guest;
    unsigned mark = 0;

    guest_compose("queue", system_yaml);
    guest_boot(&guest, "queue", "");
    guest_wait_marks(&guest, 2 * PLAN_LENGTH(queue_sizes) * PLAN_LENGTH(queue_batches), 60);
    for (unsigned s = 0; s < PLAN_LENGTH(queue_sizes); s++) {
        for (unsigned b = 0; b < PLAN_LENGTH(queue_batches); b++, mark += 2) {
            struct runs runs = {0};
            struct tally before, after;

            guest_tally_mark(&guest, mark, &before);
            guest_tally_mark(&guest, mark + 1, &after);
            tally_since(&after, &before);
            runs_add(&runs, &after, QUEUE_ENTRIES);
            figures_case(&guest, "queue", text("%u B, batch %u", queue_sizes[s], queue_batches[b]),
                         &runs, "queue");
        }
    }
    guest_end(&guest);
}
