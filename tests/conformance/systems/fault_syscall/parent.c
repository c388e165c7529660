/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

/* Answer so that the child goes on behind the instruction. */
seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    (void)child;
    say_number("label", (unsigned)microkit_msginfo_get_label(msginfo));
    say_number("words", (unsigned)microkit_msginfo_get_count(msginfo));
    say_hex("system call", microkit_mr_get(seL4_UnknownSyscall_Syscall));
    say_hex("x1", microkit_mr_get(seL4_UnknownSyscall_X1));
    microkit_mr_set(seL4_UnknownSyscall_X1, 0xbeef);
    microkit_mr_set(seL4_UnknownSyscall_FaultIP, microkit_mr_get(seL4_UnknownSyscall_FaultIP) + 4);
    *reply_msginfo = microkit_msginfo_new(0, seL4_UnknownSyscall_FaultIP + 1);
    return seL4_True;
}
