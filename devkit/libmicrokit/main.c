/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a protection domain: constructors, init(), then events for ever.
 */
#include <microkit.h>
#include <stdbool.h>
#include <stddef.h>

#define INPUT_CAP 1
#define REPLY_CAP 4

#define CHILD_MASK   0xff
#define CHANNEL_MASK 0x3f

/* The tool finds these by name, wherever they lie. */
char microkit_name[MICROKIT_PD_NAME_LENGTH];
bool microkit_passive;
seL4_Word microkit_irqs;
seL4_Word microkit_notifications;
seL4_Word microkit_pps;

seL4_Bool microkit_have_signal;
seL4_CPtr microkit_signal_cap;
seL4_MessageInfo_t microkit_signal_msg;

extern seL4_IPCBuffer __sel4_ipc_buffer_obj;
seL4_IPCBuffer *__sel4_ipc_buffer = &__sel4_ipc_buffer_obj;

extern void (*const __init_array_start[])(void);
extern void (*const __init_array_end[])(void);

static void missing(const char *entry_point)
{
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(" is missing the '");
    microkit_dbg_puts(entry_point);
    microkit_dbg_puts("' entry point\n");
    microkit_internal_crash(seL4_NoError);
}

__attribute__((weak)) microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)ch;
    missing("protected");
    return msginfo;
}

__attribute__((weak)) seL4_Bool fault(microkit_child child, microkit_msginfo msginfo,
                                      microkit_msginfo *reply_msginfo)
{
    (void)child;
    missing("fault");
    *reply_msginfo = msginfo;
    return seL4_False;
}

/* Wait for events; what is due first goes out in the same system call. An answer comes
 * before a deferred signal, which then waits for the next round. */
static microkit_msginfo wait(const microkit_msginfo *answer, seL4_Word *badge)
{
    if (answer != NULL) {
        return seL4_ReplyRecv(INPUT_CAP, *answer, badge, REPLY_CAP);
    }
    if (microkit_have_signal) {
        microkit_have_signal = seL4_False;
        return seL4_NBSendRecv(microkit_signal_cap, microkit_signal_msg, INPUT_CAP, badge,
                               REPLY_CAP);
    }
    return seL4_Recv(INPUT_CAP, badge, REPLY_CAP);
}

/* Whether there is an answer to give. */
static bool handle(seL4_Word badge, microkit_msginfo msginfo, microkit_msginfo *answer)
{
    if (badge & DEVKIT_BADGE_FAULT) {
        return fault(badge & CHILD_MASK, msginfo, answer);
    }
    if (badge & DEVKIT_BADGE_CALL) {
        *answer = protected(badge & CHANNEL_MASK, msginfo);
        return true;
    }
    for (; badge != 0; badge &= badge - 1) {
        notified((microkit_channel)__builtin_ctzl(badge));
    }
    return false;
}

void main(void)
{
    microkit_msginfo answer;
    bool answers = false;

    for (void (*const *f)(void) = __init_array_start; f != __init_array_end; f++) {
        (*f)();
    }
    init();
    if (microkit_passive) {
        microkit_have_signal = seL4_True;
        microkit_signal_msg = seL4_MessageInfo_new(0, 0, 0, 0);
        microkit_signal_cap = MONITOR_EP;
    }
    for (;;) {
        seL4_Word badge;
        microkit_msginfo msginfo = wait(answers ? &answer : NULL, &badge);
        answers = handle(badge, msginfo, &answer);
    }
}
