# SPDX-License-Identifier: BSD-2-Clause
#
# Hostile neighbours (tests/hostile): every program of the framework may turn on its
# neighbours.
#
#   make hostile             the whole matrix: in the simulator, both kinds of programs, and on kernels
#   make hostile PLANTED=yes whether it notices when a program that ships has a check less
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

# The program NAME with a mistake, for the simulator: the folder PLANT has the folders of SOURCE
# with it (tests/hostile/planted.py). Parts of the library that have it are linked before that.
HOSTILE_PLANTED = $(CC) -I$(PLANT) -I$(PLANT)/include $(SIM_PD_FLAGS) $(SIM_FLAGS_$(PLANT_KIND)) -Wno-error
PLANT_OUT       = $(PLANT)/$(PLANT_KIND)
PLANT_PARTS     = $(filter $(filter %.c,$(SOURCE)) $(addsuffix %,$(dir $(filter %.h,$(SOURCE)))),$(SIM_LIBRARY))

.PHONY: hostile-planted
hostile-planted:
	@rm -rf $(PLANT_OUT) && mkdir -p $(PLANT_OUT)
	@$(HOSTILE_PLANTED) -c tests/hostile/pd_$(NAME).c -o $(PLANT_OUT)/$(NAME).o
	@$(foreach part,$(PLANT_PARTS),$(HOSTILE_PLANTED) -c $(PLANT)/$(part) -o $(PLANT_OUT)/$(notdir $(part:.c=.o)) &&) true
	@ar rcs $(PLANT_OUT)/parts.a $(patsubst %.c,$(PLANT_OUT)/%.o,$(notdir $(PLANT_PARTS)))
	@$(CC) -shared $(SIM_LINK_$(PLANT_KIND)) -Wl,-Bsymbolic -Wl,-z,now -Wl,-z,noexecstack -Wl,--build-id=none \
	    -o $(PLANT_OUT)/$(NAME).elf $(PLANT_OUT)/$(NAME).o \
	    $(if $(filter %/pd_$(NAME).c,$(HOSTILE_TURNED)),$(call sim_objects,$(PLANT_KIND),$(HOSTILE_ENGINE))) \
	    -Wl,--whole-archive $(SIM)/$(PLANT_KIND)/glue.a -Wl,--no-whole-archive $(PLANT_OUT)/parts.a $(SIM)/$(PLANT_KIND)/libquoll.a

.PHONY: hostile
ifeq ($(PLANTED),yes)
hostile: hostile-sim
	@/usr/bin/python3 tests/hostile/planted.py $(HOSTILE_OPTIONS)
else
hostile: hostile-sim
	@rm -f $(BUILD)/hostile-sdks
	@$(if $(wildcard devkit/Makefile),$(MAKE) --no-print-directory MICROKIT_SDK= for-hostile)
	@$(foreach sdk,$(OFFICIAL_SDKS),$(MAKE) --no-print-directory MICROKIT_SDK=$(sdk) for-hostile &&) true
	@QUOLL_SDKS="$$(tr '\n' ' ' <$(BUILD)/hostile-sdks)" /usr/bin/python3 tests/hostile/matrix.py $(HOSTILE_OPTIONS)
endif
