# SPDX-License-Identifier: BSD-2-Clause
#
# Fuzzers (tests/fuzz): libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer.
# Each tests/fuzz/fuzz_NAME.c is one; its inputs are kept in tests/fuzz/corpus/NAME.
#
#   make fuzz TIME=10m      all of them, so long together; FUZZ='NAME ...': these only
#
# Short runs, with a fixed seed, are a part of `make test` (tests/fuzz/test_fuzz.py).

FUZZ_OUT    := $(BUILD)/fuzz
FUZZ_CC     := clang
FUZZ_NAMES  := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BASE   := -std=c17 -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all \
               -Wall -Wextra -Werror -Wno-missing-field-initializers -Wno-gnu-alignof-expression -Wno-static-in-inline -MMD -MP
FUZZ_CFLAGS := $(FUZZ_BASE) -fsanitize=fuzzer-no-link,address,undefined -fsanitize-coverage=trace-loads \
               -DQUOLL_SIM -Iinclude -I. -Itests/unit -Itests/fuzz
FUZZ_LIBS   := -lcmocka
# The fuzzers' own parts, which are not looked into.
FUZZ_PARTS  := $(patsubst %,$(FUZZ_OUT)/obj/%.o,tests/fuzz/fuzz tests/fuzz/peer tests/fuzz/played_virtio tests/fuzz/disk \
               tests/unit/fake_pd)

$(FUZZ_OUT)/obj/%.o: %.c mk/fuzz.mk | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(FUZZ_CC) $(FUZZ_CFLAGS) $(if $(findstring tests/,$<),,-include tests/fuzz/zeroed.h) -c $< -o $@

$(FUZZ_PARTS): FUZZ_CFLAGS := $(FUZZ_BASE) -DQUOLL_SIM -Iinclude -I. -Itests/unit -Itests/fuzz

$(FUZZ_OUT)/libparts.a: $(FUZZ_PARTS)
	@rm -f $@
	@ar rcs $@ $^

$(FUZZ_OUT)/libquoll.a: $(patsubst %.c,$(FUZZ_OUT)/obj/%.o,$(UNIT_LIBRARY))
	@rm -f $@
	@ar rcs $@ $^

$(FUZZ_OUT)/fuzz_%: $(FUZZ_OUT)/obj/tests/fuzz/fuzz_%.o $(FUZZ_OUT)/libparts.a $(FUZZ_OUT)/libquoll.a
	@echo "  FUZZ    $*"
	@$(FUZZ_CC) -fsanitize=fuzzer,address,undefined $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(FUZZ_LIBS) -o $@

# ---- Tools: the command quoll, and the reader of system files ----

FUZZ_TOOL_CFLAGS := $(FUZZ_BASE) -fsanitize=fuzzer-no-link,address,undefined -D_GNU_SOURCE -I. -Iinclude -Itests/fuzz -Itool/lib
FUZZ_WORLD       := -DFUZZ_DTB='"$(BOARD_DTB)"' -DFUZZ_PROGRAMS='"$(SIM)/fast/programs"'
FUZZ_TOOL        := $(patsubst %.c,$(FUZZ_OUT)/tools/%.o,$(filter-out tool/main.c,$(wildcard tool/*.c)) $(wildcard tool/lib/*.c)) \
                    $(FUZZ_OUT)/obj/block/gpt.o $(FUZZ_OUT)/obj/block/gpt_reader.o
FUZZ_MICROKIT    := $(patsubst %.c,$(FUZZ_OUT)/tools/%.o,$(wildcard tool/lib/*.c tool/lib/microkit/*.c))
FUZZ_TOOL_PARTS  := $(FUZZ_OUT)/obj/tests/fuzz/tools.o $(FUZZ_OUT)/libparts.a

$(FUZZ_OUT)/obj/tests/fuzz/tools.o: FUZZ_CFLAGS := $(FUZZ_BASE) -Itests/fuzz

$(FUZZ_OUT)/tools/tool/%.o: tool/%.c $(QUOLL) mk/fuzz.mk | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(FUZZ_CC) $(FUZZ_TOOL_CFLAGS) -Itool -Itool/lib -Itool/lib/microkit -I$(BUILD)/tool -include tests/fuzz/tool_world.h -c $< -o $@

$(FUZZ_OUT)/tools/tests/fuzz/%.o: tests/fuzz/%.c mk/fuzz.mk | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(FUZZ_CC) $(FUZZ_TOOL_CFLAGS) $(FUZZ_WORLD) -c $< -o $@

# $(1): name, $(2): objects, $(3): libraries
define fuzz_tool
$(FUZZ_OUT)/fuzz_$(1): $(FUZZ_OUT)/tools/tests/fuzz/fuzz_$(1).o $(2) $(FUZZ_TOOL_PARTS)
	@echo "  FUZZ    $(1)"
	@$(FUZZ_CC) -fsanitize=fuzzer,address,undefined $$^ $(3) -o $$@
endef
$(foreach name,description disk_image device_tree elf,$(eval $(call fuzz_tool,$(name),$(FUZZ_TOOL),-lyaml -lfdt -lelf)))
$(eval $(call fuzz_tool,system_file,$(FUZZ_MICROKIT),-lexpat -lelf))
$(FUZZ_OUT)/fuzz_description: | $(BOARD_DTB) sim-fast

# ---- Running ----

.PHONY: fuzzers fuzz fuzz-keep fuzz-planted fuzz-for-tests
fuzzers: $(FUZZ_NAMES:%=$(FUZZ_OUT)/fuzz_%)

fuzz-for-tests: | $(SETUP_STAMP)
	+@if command -v $(FUZZ_CC) >/dev/null; then $(MAKE) --no-print-directory fuzzers; \
	else echo "fuzz: skipped, there is no clang (Debian packages clang, libclang-rt-dev)"; fi

test: fuzz-for-tests

FUZZ ?= $(FUZZ_NAMES)
FUZZ_CAMPAIGN = /usr/bin/python3 tests/fuzz/campaign.py --out $(FUZZ_OUT) --work $(FUZZ_OUT)/work --jobs $(JOBS)

fuzz: fuzzers
	@$(FUZZ_CAMPAIGN) --time $(TIME) $(FUZZ)

# What a campaign learned becomes what the repository keeps.
fuzz-keep: fuzzers
	@$(FUZZ_CAMPAIGN) --keep $(FUZZ)

# The fuzzer NAME of a program with a mistake: the folder PLANT has its SOURCE, whose own
# headers are those beside the right one (tests/fuzz/test_fuzz.py).
FUZZ_PLANTED = $(FUZZ_CC) -I$(PLANT) -I$(PLANT)/include $(FUZZ_CFLAGS) -I$(dir $(SOURCE)) -MF $(PLANT)/d
fuzz-planted:
	@$(FUZZ_PLANTED) -c tests/fuzz/fuzz_$(NAME).c -o $(PLANT)/fuzz_$(NAME).o
	@grep -q '"$(SOURCE)"' tests/fuzz/fuzz_$(NAME).c || test $(suffix $(SOURCE)) = .h || \
	    $(FUZZ_PLANTED) -include tests/fuzz/zeroed.h -c $(PLANT)/$(SOURCE) -o $(PLANT)/source.o
	@$(FUZZ_CC) -fsanitize=fuzzer,address,undefined $(PLANT)/*.o -Wl,--start-group $(FUZZ_OUT)/libparts.a \
	    $(FUZZ_OUT)/libquoll.a -Wl,--end-group $(FUZZ_LIBS) -o $(PLANT)/fuzzer

-include $(shell find $(FUZZ_OUT) -name '*.d' 2>/dev/null)
