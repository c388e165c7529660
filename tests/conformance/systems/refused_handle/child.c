/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

void init(void)
{
    seL4_Signal(300);
    say("signalled 300");
    microkit_msginfo answer = seL4_Call(BASE_ENDPOINT_CAP, seL4_MessageInfo_new(0, 0, 0, 0));
    say_number("label of a call to nobody", (unsigned)seL4_MessageInfo_get_label(answer));
    say_number("acknowledging nothing", (unsigned)seL4_IRQHandler_Ack(BASE_IRQ_CAP));
    say_number("stopping nobody", (unsigned)seL4_TCB_Suspend(BASE_TCB_CAP + 7));
    seL4_Signal(777);
    say("was not stopped");
}
