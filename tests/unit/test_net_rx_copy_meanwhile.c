/* SPDX-License-Identifier: BSD-2-Clause */
#define COPYING
#include "test_net_rx_meanwhile.c"
