# SPDX-License-Identifier: BSD-2-Clause
#
# What a packet costs, in guest instructions: bench/measure.py over the example's
# UDP echo, with the release configuration unless CONFIG says otherwise.

BENCH := $(BUILD)/bench

$(BENCH)/count.so: bench/count.c | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(CC) -std=c17 -O2 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC $< -o $@

$(BENCH)/udpload: bench/udpload.c | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(CC) -std=c17 -O2 -D_GNU_SOURCE -Wall -Wextra -Werror $< -o $@
