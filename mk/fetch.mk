# SPDX-License-Identifier: BSD-2-Clause
#
# Whether programs, as they are shipped, load each byte of a neighbour's once: they run in
# an emulator of the processor (tests/fetch/README.md).
#
#   make fetch         for this SDK and CONFIG

FETCH          := $(BUILD)/fetch/fetch
FETCH_SOURCES  := $(wildcard tests/fetch/*.c) tool/lib/elf_file.c tool/lib/text.c tool/lib/diag.c block/gpt.c
FETCH_PROGRAMS := $(filter-out %/supervisor.elf,$(PROGRAM_ELFS)) \
                  $(foreach p,ticker responder disk,$(TEST_PROGRAMS)/$(p).elf)
FETCH_PLANTED  := $(patsubst tests/fetch/planted/%.c,$(OUT)/fetch/%.elf,$(wildcard tests/fetch/planted/*.c))
WAKEUPS        ?= 400

$(FETCH): $(FETCH_SOURCES) $(wildcard tests/fetch/*.h include/quoll/*.h tool/lib/*.h) mk/fetch.mk | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@echo "  HOSTCC  fetch"
	@$(CC) -std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -Iinclude -I. -Itool -Itests/unit \
	    $(FETCH_SOURCES) -lunicorn -lelf -o $@

define fetch_planted_rule
$(OUT)/fetch/$(basename $(notdir $(1))).elf: $(call object_of,$(1)) $$(LINK_NEEDS)
	$$(call quoll_link,$$<)
endef
$(foreach s,$(wildcard tests/fetch/planted/*.c),$(eval $(call fetch_planted_rule,$(s))))

.PHONY: fetch for-fetch
for-fetch: $(FETCH) $(FETCH_PROGRAMS) $(FETCH_PLANTED)

fetch: $(FETCH) $(FETCH_PROGRAMS)
	@$(FETCH) $(WAKEUPS) $(FETCH_PROGRAMS)
