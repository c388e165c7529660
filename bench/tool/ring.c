/* SPDX-License-Identifier: BSD-2-Clause */
/* ring: what bench/ring.c says, million entries a second: time, hence noted only. */
#include "figures.h"

void set_ring(void)
{
    FILE *answer = popen(text("%s/ring", settings.tools), "r");
    char name[64], part[32];
    double value;
    unsigned lines = 0;

    while (answer != NULL && fscanf(answer, "%63[^\t]\t%31[^\t]\t%lf\n", name, part, &value) == 3) {
        figures_note("ring", name, part, value);
        lines += 1;
    }
    if (answer == NULL || pclose(answer) != 0 || lines == 0) {
        die("ring failed");
    }
}
