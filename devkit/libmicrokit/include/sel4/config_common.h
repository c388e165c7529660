/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs ask about the kernel, the same in all configurations. */
#pragma once

#define CONFIG_DEVKIT             1 /* not seL4 */
#define CONFIG_ARCH_ARM           1
#define CONFIG_ARCH_AARCH64       1
#define CONFIG_WORD_SIZE          64
#define CONFIG_PLAT_QEMU_ARM_VIRT 1
#define CONFIG_ARM_CORTEX_A53     1
#define CONFIG_KERNEL_MCS         1
#define CONFIG_MAX_NUM_NODES      1
#define CONFIG_EXPORT_PCNT_USER   1
#define CONFIG_EXPORT_PTMR_USER   1
#define CONFIG_HAVE_FPU           1
