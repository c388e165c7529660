/* SPDX-License-Identifier: BSD-2-Clause */
/* What makefiles look for in the configuration of a kernel, in its form (two blanks). */
#pragma once

/* clang-format off */
#define CONFIG_SEL4_ARCH  aarch64
#define CONFIG_ARCH_AARCH64  1
#define CONFIG_PLAT  qemu-arm-virt
#define CONFIG_WORD_SIZE  64
