#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check-data.sh NM ELF NAME: refuse initialised variables, which no restart could
# restore. libmicrokit's one pointer is restored by core/start.S.
found=$("$1" --defined-only "$2" | awk '$2 ~ /^[dD]$/ && $3 !~ /^(__sel4_ipc_buffer|_data|_data_end|__global_pointer\$|_edata|data_start|__data_start|__data_rel_ro_start|__data_rel_ro_end|__init_array_start|__init_array_end)$/ { print $3 }')
[ -z "$found" ] || {
    echo "$3: initialised variables are not allowed (a restart cannot restore them):" $found >&2
    echo "  make them const, or zero and set in pd_start()" >&2
    exit 1
}
