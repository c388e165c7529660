# SPDX-License-Identifier: BSD-2-Clause
#
# What it costs, in guest instructions (docs/performance.md), with the release
# configuration unless CONFIG says otherwise:
#
#   make bench                 measure, print, compare with bench/baseline.json
#   make bench BENCH=net,block only these sets
#   make bench-keep            what build/bench.json has of this SDK (or of the sets in BENCH) is
#                              the new baseline; tables and curves in docs/performance/ are drawn
#
# bench/tool/*.c is the tool, a file for each set of measurements; bench/pd_NAME.c is
# NAME.elf among the programs of the systems that it composes.

BENCH_DIR   := $(BUILD)/bench
BENCH_TOOL  := $(BENCH_DIR)/bench
BENCH_JSON  := $(BUILD)/bench.json
# The baseline's name of this SDK.
BENCH_KIND  := $(if $(MICROKIT_SDK),$(shell cat $(SDK)/VERSION 2>/dev/null),devkit)
BENCH_SETS  := net,queue,block,growth,fairness,overload,size,linux,ring
BENCH       ?= $(BENCH_SETS)
BENCH_COMMA := ,
BENCH_CFLAGS := -std=c17 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Werror -MMD -MP

$(BENCH_DIR)/tool/%.o: bench/tool/%.c | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(CC) $(BENCH_CFLAGS) -c $< -o $@

$(BENCH_TOOL): $(patsubst bench/tool/%.c,$(BENCH_DIR)/tool/%.o,$(wildcard bench/tool/*.c))
	@echo "  LINK    $(@F)"
	@$(CC) $(BENCH_CFLAGS) $^ -lelf -ljansson -lm -o $@

$(BENCH_DIR)/count.so: bench/count.c bench/count.h | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(CC) $(BENCH_CFLAGS) -shared -fPIC $< -o $@

$(BENCH_DIR)/udpload: bench/udpload.c | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(CC) $(BENCH_CFLAGS) $< -o $@

# Only `ring` and `linux` need these packages; `make bench` installs them if it is to run those.
$(BENCH_DIR)/packages.done: mk/bench-packages.txt | $(SETUP_STAMP)
	@$(if $(filter yes,$(SETUP)),sh mk/setup.sh $<)
	@mkdir -p $(@D) && touch $@

$(BENCH_DIR)/ring: bench/ring.c include/quoll/queue.h include/quoll/queue_entries.h $(BENCH_DIR)/packages.done
	@$(CC) -std=c17 -O2 -march=native -D_GNU_SOURCE -Wall -Wextra -Iinclude -isystem /usr/include/dpdk \
	    -isystem /usr/include/x86_64-linux-gnu/dpdk $< -lrte_ring -lrte_eal -lpthread -o $@

# Linux, from Debian's package, with a program of ours as all that runs on it.
BENCH_LINUX := $(BENCH_DIR)/linux

$(BENCH_LINUX)/init: bench/linux.c bench/count.h bench/plan.h $(BENCH_DIR)/packages.done
	@mkdir -p $(@D)
	@$(CC_PD) -std=c17 -O2 -D_GNU_SOURCE -Wall -Wextra -static $< -o $@

$(BENCH_LINUX)/initrd: $(BENCH_LINUX)/init mk/linux.sh
	@sh mk/linux.sh $(BENCH_LINUX)

BENCH_NEEDS := $(if $(findstring ring,$(BENCH)),$(BENCH_DIR)/ring) \
               $(if $(findstring linux,$(BENCH)),$(BENCH_LINUX)/initrd)

# ---- Programs of the bench's own systems ----

BENCH_PDS := $(wildcard bench/pd_*.c)
bench_pd   = $(OUT)/bench-programs/$(patsubst pd_%,%,$(basename $(notdir $(1)))).elf

define bench_program_rule
$(call bench_pd,$(1)): $(call object_of,$(1)) $$(LINK_NEEDS)
	$$(call quoll_link,$$<)
endef
$(foreach s,$(BENCH_PDS),$(eval $(call bench_program_rule,$(s))))

.PHONY: bench-programs
bench-programs: programs example $(foreach s,$(BENCH_PDS),$(call bench_pd,$(s)))

# ---- Measuring ----

# The emulator as `make run` starts it, but headless, with a virtual clock that counts
# instructions, so that no wall-clock time decides what is executed.
BENCH_EMULATOR = $(BOARD_EMULATOR) -machine $(BOARD_MACHINE) -serial stdio -monitor none -icount shift=0

BENCH_SETTINGS = kind=$(BENCH_KIND) sdk=$(SDK) config=$(CONFIG) quoll=$(QUOLL) dtb=$(BOARD_DTB) \
    programs=$(EXAMPLE_PDS):$(OUT)/bench-programs:$(PROGRAMS) 'emulator=$(BENCH_EMULATOR)' \
    tools=$(BENCH_DIR) out=$(BENCH_DIR)/$(SDK_NAME) site=$(BUILD)/example/site.img linux=$(BENCH_LINUX) json=$(BENCH_JSON)

# BENCH_OPTIONS='repeat=3 packets=10000', functions=20 (name those that take most),
# addresses=FILE (beside that: each instruction's, "program address count" a line),
# only=TEXT (of a set, the cases whose names contain it; they are printed, not kept or compared).
BENCH_OPTIONS ?=

.PHONY: bench
bench: bench-programs bench-tool $(BENCH_NEEDS) disk $(QUOLL) $(BOARD_DTB)
	@mkdir -p $(BENCH_DIR)/$(SDK_NAME) $(OUT)/bench-programs
	@$(BENCH_TOOL) measure $(BENCH_SETTINGS) $(BENCH_OPTIONS) $(subst $(BENCH_COMMA), ,$(BENCH))
	@$(if $(findstring only=,$(BENCH_OPTIONS)),,$(BENCH_TOOL) compare $(BENCH_JSON) bench/baseline.json $(BENCH_KIND) \
	    $(subst $(BENCH_COMMA), ,$(BENCH)))

.PHONY: bench-keep
bench-keep: $(BENCH_TOOL)
	@$(foreach kind,$(BENCH_KIND) linux host,$(BENCH_TOOL) keep $(BENCH_JSON) bench/baseline.json $(kind) \
	    $(subst $(BENCH_COMMA), ,$(BENCH)) &&) true
	@mkdir -p docs/performance
	@$(BENCH_TOOL) draw bench/baseline.json docs/performance

.PHONY: bench-tool
bench-tool: $(BENCH_TOOL) $(BENCH_DIR)/count.so $(BENCH_DIR)/udpload

# What tests/bench needs.
test: bench-tool

-include $(shell find $(BENCH_DIR) -name '*.d' 2>/dev/null)
