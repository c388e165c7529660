/* SPDX-License-Identifier: BSD-2-Clause */
#include "turns.h"

void init(void)
{
    spin_in_turns(0);
    spin(20000);
    volatile struct counts *c = (volatile struct counts *)counts;
    uint64_t share = 100 * c->loops[0] / (c->loops[0] + c->loops[1]);
    say(share >= 45 && share <= 55 ? "equal shares" : "unequal shares");
    say(c->turns[0] <= 25 && c->turns[1] <= 25 ? "in turn" : "not in turn");
    say_end();
}
