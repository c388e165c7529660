# SPDX-License-Identifier: BSD-2-Clause
#
# Tests. Unit tests run natively with sanitizers: each tests/unit/test_*.c is a
# program of its own, linked with the whole of libquoll built for the host.

UNIT        := $(BUILD)/unit
# -O0: the fakes change what programs see as constants.
UNIT_CFLAGS := -std=c17 -fasm -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
               -Wall -Wextra -Werror -Wno-unused-result -Iinclude -I. -Itests/unit -MMD -MP
UNIT_TESTS  := $(patsubst tests/unit/%.c,$(UNIT)/%,$(wildcard tests/unit/test_*.c))
# Code for one architecture alone, and what the fakes stand in for.
UNIT_LIBRARY := $(filter-out core/memory.c core/ipc_buffer.c core/config_space.S,$(LIBRARY))

$(UNIT)/obj/%.o: %.c | $(SETUP_STAMP) $(LWIP)/.done
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CFLAGS) $(UNIT_INCLUDES) -c $< -o $@

$(UNIT)/libquoll.a: $(patsubst %.c,$(UNIT)/obj/%.o,$(UNIT_LIBRARY))
	@rm -f $@
	@ar rcs $@ $^

$(UNIT)/test_%: $(UNIT)/obj/tests/unit/test_%.o $(UNIT)/obj/tests/unit/fake_pd.o $(UNIT)/libquoll.a
	@echo "  UNIT    $(@F)"
	@$(CC) $(UNIT_CFLAGS) $(UNIT_LDFLAGS) -Wl,--start-group $^ -Wl,--end-group -lcmocka -o $@

# The race NAME of a program with a mistake: the folder PLANT has its SOURCE, whose own headers
# are those beside the right one (tests/unit/test_races_planted.py).
.PHONY: race-planted
race-planted:
	@$(CC) -I$(PLANT)/include -I$(PLANT) $(UNIT_CFLAGS) $(RACE_CFLAGS) -iquote $(dir $(SOURCE)) -MF $(PLANT)/d tests/unit/test_race_$(NAME).c \
	    $(UNIT)/obj/tests/unit/fake_pd.o -Wl,--start-group $(UNIT)/libquoll.a -Wl,--end-group -lcmocka -o $(PLANT)/race

# Where a race is interrupted (tests/unit/racing.h).
RACE_CFLAGS := -fsanitize-coverage=trace-pc
$(UNIT)/obj/tests/unit/test_race_%.o: UNIT_CFLAGS += $(RACE_CFLAGS)

# Those that run on lwIP, with our glue, and the web server's parts that they do not include.
UNIT_ON_LWIP := $(addprefix $(UNIT)/test_,lwip_netif lwip_port lwip_sent_sums lwip_received_sums \
                lwip_in_place web_connection web_trouble)
$(UNIT_ON_LWIP) $(UNIT_ON_LWIP:$(UNIT)/%=$(UNIT)/obj/tests/unit/%.o) $(UNIT)/liblwip.a: UNIT_INCLUDES := $(LWIP_CFLAGS)
$(UNIT_ON_LWIP): $(UNIT)/liblwip.a
$(UNIT)/test_web_connection $(UNIT)/test_web_trouble: $(patsubst %,$(UNIT)/obj/examples/webserver/%.o,http http_fields response)

$(UNIT)/obj/lwip/%.o: $(OUT)/obj/lwip/%.c net/lwip/lwipopts.h net/lwip/lwippools.h
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CFLAGS) $(UNIT_INCLUDES) -w -c $< -o $@

$(UNIT)/liblwip.a: $(LWIP_NAMES:%=$(UNIT)/obj/lwip/%.o) $(patsubst %.c,$(UNIT)/obj/%.o,$(wildcard net/lwip/*.c))
	@rm -f $@
	@ar rcs $@ $^

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS)

# Programs for tests' own systems: tests/system/ANY/pd_NAME.c is NAME.elf.
TEST_PROGRAMS := $(OUT)/test-programs
TEST_SOURCES  := $(wildcard tests/system/*/pd_*.c)
test_program   = $(TEST_PROGRAMS)/$(patsubst pd_%,%,$(basename $(notdir $(1)))).elf

define test_program_rule
$(call test_program,$(1)): $(call object_of,$(1)) $$(LINK_NEEDS)
	$$(call quoll_link,$$<)
endef
$(foreach s,$(TEST_SOURCES),$(eval $(call test_program_rule,$(s))))

.PHONY: test-programs
test-programs: $(foreach s,$(TEST_SOURCES),$(call test_program,$(s)))

# System tests run on the development SDK and on each official one that lies in the
# home directory or that OFFICIAL_SDKS names; where there is none, they say so.
OFFICIAL_SDKS ?= $(wildcard $(HOME)/microkit-sdk-2.0.1 $(HOME)/microkit-sdk-2.3.0)
PYTEST        := /usr/bin/python3 -m pytest -p no:cacheprovider -q -rsfE -n $(JOBS)

# What tests need of one SDK; QUOLL_SDKS then tells them where it is: name=SDK=OUT ...
.PHONY: for-tests
for-tests: programs test-programs example for-fetch
	@echo "$(SDK_NAME)=$(SDK)=$(OUT)" >>$(BUILD)/sdks

.PHONY: test
test: tools unit-tests
	@rm -f $(BUILD)/sdks
	@$(if $(wildcard devkit/Makefile),$(MAKE) --no-print-directory MICROKIT_SDK= for-tests)
	@$(foreach sdk,$(OFFICIAL_SDKS),$(MAKE) --no-print-directory MICROKIT_SDK=$(sdk) for-tests &&) true
	@QUOLL_SDKS="$$(tr '\n' ' ' <$(BUILD)/sdks)" $(PYTEST) $(TESTS)

TESTS ?= tests

-include $(shell find $(UNIT) -name '*.d' 2>/dev/null)
.SECONDARY:
