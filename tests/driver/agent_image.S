/* SPDX-License-Identifier: BSD-2-Clause */
    .section .rodata, "a"
    .global agent_image, agent_image_end
agent_image:
    .incbin AGENT_IMAGE
agent_image_end:
    .section .note.GNU-stack, "", @progbits
