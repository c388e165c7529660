/* SPDX-License-Identifier: BSD-2-Clause */
/* For programs built to be measured (make coverage): what they reached is kept when the
 * simulator makes their memory new. */
#include "sim/pd/abi.h"

void __gcov_dump(void);
void __gcov_reset(void);
void sim_before_restart(void);

void sim_before_restart(void)
{
    __gcov_dump();
    __gcov_reset();
}
