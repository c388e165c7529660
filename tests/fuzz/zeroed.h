/* SPDX-License-Identifier: BSD-2-Clause */
/* Included before each source of a program under test: its variables begin as zero (fuzz.h). */
#pragma clang section bss = "zeroed"
