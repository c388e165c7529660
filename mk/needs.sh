#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# needs.sh COMMAND=PACKAGE...: say which commands are missing, and where they come from.
PATH=$PATH:/usr/sbin:/sbin
missing=0
for need; do
    command -v "${need%%=*}" >/dev/null || {
        echo "setup: ${need%%=*} is missing (Debian package ${need#*=}); 'make setup' installs it" >&2
        missing=1
    }
done
exit $missing
