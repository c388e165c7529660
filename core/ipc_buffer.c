/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where this protection domain's IPC buffer is: the Microkit up to 2.0 places it by a
 * symbol of its linker script, later ones at the top of the address space. Read-only,
 * for core/start.S to restore libmicrokit's pointer from.
 */
#include <quoll/microkit.h>

#ifdef seL4_UserVSpaceTop
#define IPC_BUFFER (seL4_UserVSpaceTop & ~(((seL4_Word)1 << seL4_PageBits) - 1))
#else
extern seL4_IPCBuffer __sel4_ipc_buffer_obj;
#define IPC_BUFFER &__sel4_ipc_buffer_obj
#endif

extern seL4_IPCBuffer *const quoll_ipc_buffer;
seL4_IPCBuffer *const quoll_ipc_buffer = (seL4_IPCBuffer *)IPC_BUFFER;
