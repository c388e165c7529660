# SPDX-License-Identifier: BSD-2-Clause
#
# Hostile neighbours (tests/hostile): every program of the framework may turn on its
# neighbours.
#
#   make hostile             the whole matrix in the simulator: both kinds of programs
#   make hostile-programs    what the tests on kernels need, for this SDK
#
# tests/hostile/pd_NAME.c takes NAME.elf's place; engine.c and fields.c are linked into all.

HOSTILE_PROGRAMS := $(OUT)/hostile-programs
HOSTILE_SOURCES  := $(wildcard tests/hostile/pd_*.c)
HOSTILE_ENGINE   := tests/hostile/engine.c tests/hostile/fields.c
HOSTILE_DRIVERS  := $(foreach d,$(DRIVERS),tests/hostile/pd_$(notdir $(d)))
HOSTILE_TURNED   := $(filter-out %/pd_victim.c %/pd_metronome.c %/pd_supervisor.c,$(HOSTILE_SOURCES))
# $(1): source
hostile_name     = $(patsubst pd_%,%,$(basename $(notdir $(1)))).elf
hostile_parts    = $(1) $(if $(filter $(1),$(HOSTILE_TURNED)),$(HOSTILE_ENGINE))

define hostile_program_rule
$(HOSTILE_PROGRAMS)/$(call hostile_name,$(1)): $(foreach s,$(call hostile_parts,$(1)),$(call object_of,$(s))) $$(LINK_NEEDS)
	$$(call quoll_link,$(foreach s,$(call hostile_parts,$(1)),$(call object_of,$(s))),$(if $(filter $(1),$(HOSTILE_DRIVERS)),-u quoll_driver))
endef
$(foreach s,$(HOSTILE_SOURCES),$(eval $(call hostile_program_rule,$(s))))

.PHONY: hostile-programs
hostile-programs: $(foreach s,$(HOSTILE_SOURCES),$(HOSTILE_PROGRAMS)/$(call hostile_name,$(s)))

for-tests: hostile-programs

# In the simulator: $(SIM)/KIND/hostile.
HOSTILE_KINDS := checked asan
hostile_sim    = $(SIM)/$(1)/hostile/$(call hostile_name,$(2))
$(foreach k,$(HOSTILE_KINDS),$(foreach s,$(HOSTILE_SOURCES),\
  $(eval $(call sim_link,$(k),$(call hostile_sim,$(k),$(s)),$(call sim_objects,$(k),$(call hostile_parts,$(s)))))))

.PHONY: hostile-sim
hostile-sim: $(SIM)/quoll-sim $(SIM)/quoll-sim-asan $(QUOLL) $(BOARD_DTB) $(SIM)/asan/systems/webserver/system.system \
    $(foreach k,$(HOSTILE_KINDS),$(foreach s,$(HOSTILE_SOURCES),$(call hostile_sim,$(k),$(s))))

test: hostile-sim

# What `make hostile` needs of one SDK.
.PHONY: for-hostile
for-hostile: programs hostile-programs
	@echo "$(SDK_NAME)=$(SDK)=$(OUT)" >>$(BUILD)/hostile-sdks

.PHONY: hostile
hostile: hostile-sim
	@rm -f $(BUILD)/hostile-sdks
	@$(if $(wildcard devkit/Makefile),$(MAKE) --no-print-directory MICROKIT_SDK= for-hostile)
	@$(foreach sdk,$(OFFICIAL_SDKS),$(MAKE) --no-print-directory MICROKIT_SDK=$(sdk) for-hostile &&) true
	@QUOLL_SDKS="$$(tr '\n' ' ' <$(BUILD)/hostile-sdks)" /usr/bin/python3 tests/hostile/matrix.py $(HOSTILE_OPTIONS)
