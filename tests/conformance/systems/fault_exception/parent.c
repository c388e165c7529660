/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#define TRAPPED 8 /* seL4_Fault_VCPUFault, on kernels that run at EL2 */

void init(void)
{
}

void notified(microkit_channel ch)
{
    (void)ch;
}

static void show(const char *what, seL4_Word word)
{
    say_hex(what, microkit_mr_get(word));
}

static void step_over(microkit_child child)
{
    seL4_UserContext context;

    seL4_TCB_ReadRegisters(BASE_TCB_CAP + child, 0, 0, 1, &context);
    microkit_pd_restart(child, context.pc + 4);
}

/* Answer so that the child goes on behind the instruction. */
seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    seL4_Word pc = microkit_mr_get(0);

    switch (microkit_msginfo_get_label(msginfo)) {
    case seL4_Fault_UserException:
        show("exception", seL4_UserException_Number);
        microkit_mr_set(0, pc + 4);
        *reply_msginfo = microkit_msginfo_new(0, 1);
        return seL4_True;
    case TRAPPED:
        show("trap", 0);
        step_over(child);
        return seL4_False;
    default:
        say_number("label", microkit_msginfo_get_label(msginfo));
        for (unsigned i = 1; i < microkit_msginfo_get_count(msginfo); i++) {
            show("word", i);
        }
        say_end();
        return seL4_False;
    }
}
