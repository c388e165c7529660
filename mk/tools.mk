# SPDX-License-Identifier: BSD-2-Clause
#
# The command `quoll`, for the host.

QUOLL := $(BUILD)/tool/quoll

$(QUOLL): $(shell find tool include/quoll -name '*.[ch]' -o -path 'tool/*' -name Makefile) $(wildcard block/gpt*.[ch]) | $(SETUP_STAMP)
	@$(MAKE) --no-print-directory -C tool O=$(BUILD)/tool
	@touch $@

.PHONY: tools
tools: $(QUOLL)
