/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a protection domain may ask of the development kernel. The numbers are not
 * seL4's: programs use the functions of <sel4/sel4.h> and <microkit.h>, never these.
 *
 * `svc #0` with the call in x7. Other registers keep their values.
 *
 *              in                              out
 * SEND         x0 handle                       x0 status
 * RECEIVE                                      x0 badge, x1 tag
 * SEND_RECEIVE x0 handle                       x0 badge, x1 tag
 * REPLY_RECEIVE x1 tag                         x0 badge, x1 tag
 * CALL         x0 handle, x1 tag               x1 tag
 * PUT          x0 character
 * YIELD
 * TCB_WRITE    x0 handle, x1 resume, x2 count  x0 status
 * TCB_READ     x0 handle, x1 suspend, x2 count x0 status
 * TCB_SUSPEND  x0 handle                       x0 status
 * TCB_TIME     x0 handle                       x0 status, x1 counter ticks (benchmark)
 *
 * A handle is a number in the caller's table, laid out as the Microkit lays out its
 * capabilities (BASE_... in <microkit.h>). A status is a seL4_Error. A tag is a
 * seL4_MessageInfo_t; the words it counts are in the IPC buffer of the caller, as are
 * the registers that TCB_WRITE takes and TCB_READ gives, in the order of
 * seL4_UserContext, from word DEVKIT_TCB_WORD on: as on seL4, the words before that
 * keep their values, so that a parent that looks at a child still has its fault.
 */
#ifndef SEL4_SYSCALLS_H
#define SEL4_SYSCALLS_H

#define DEVKIT_SEND          1
#define DEVKIT_RECEIVE       2
#define DEVKIT_SEND_RECEIVE  3
#define DEVKIT_REPLY_RECEIVE 4
#define DEVKIT_CALL          5
#define DEVKIT_PUT           6
#define DEVKIT_YIELD         7
#define DEVKIT_TCB_WRITE     8
#define DEVKIT_TCB_READ      9
#define DEVKIT_TCB_SUSPEND   10
#define DEVKIT_TCB_TIME      11

#define DEVKIT_TCB_WORD 4

/* Badges: one bit per channel for notifications; these two mark messages. */
#define DEVKIT_BADGE_CALL  (1ULL << 63)
#define DEVKIT_BADGE_FAULT (1ULL << 62)

/* The handle table, as the Microkit lays out capabilities. */
#define DEVKIT_HANDLE_PASSIVE 5
#define DEVKIT_HANDLE_NOTIFY  10
#define DEVKIT_HANDLE_CALL    74
#define DEVKIT_HANDLE_IRQ     138
#define DEVKIT_HANDLE_TCB     202
#define DEVKIT_HANDLES        266
#define DEVKIT_CSPACE         512 /* beyond this, even the number is a fault */

#endif
