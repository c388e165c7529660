# SPDX-License-Identifier: BSD-2-Clause
#
# The simulator (sim/): the same programs for this machine, as shared objects, and
# build/sim/quoll-sim, which runs a system of them. Three builds of the programs:
#
#   checked  every access to memory is seen: views enforced, any schedule, exact time
#   asan     AddressSanitizer and UndefinedBehaviorSanitizer
#   fast     optimised, nothing added: for living in
#
#   make sim                        run the example
#   make sim SIM_OPTIONS='...'      quoll-sim --help says what there is
#   make soak TIME=60               random schedules and devices over all systems
#   make sim-rate                   states per second of an exhaustive search
#   make sim-speed                  the example in the simulator and in QEMU, beside each other
#
# tests/sim/pd_NAME.c is NAME.elf among the test programs, as tests/system/*/pd_NAME.c is.

SIM      := $(BUILD)/sim
SIM_KIND ?= fast
SIM_LIBS += -lexpat -lelf

SIM_KINDS := checked asan fast
SIM_FLAGS_checked := -O1 -fsanitize=thread -fsanitize-coverage=trace-pc -Wno-tsan \
    --param=tsan-instrument-func-entry-exit=0 \
    -fno-builtin-memcpy -fno-builtin-memmove -fno-builtin-memset -fno-builtin-memcmp
SIM_FLAGS_asan    := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
SIM_FLAGS_fast    := -O2
SIM_LINK_asan     := -fsanitize=address,undefined
SIM_GLUE_checked  := access

SIM_PD_FLAGS := -std=c17 -fasm -g -fPIC -fno-common -fno-stack-protector -DQUOLL_SIM \
    -Wall -Wextra -Werror -Wno-unused-result -Isim/include -Iinclude -I. $(LWIP_CFLAGS) -MMD -MP
SIM_LIBRARY  := $(filter-out core/memory.c core/ipc_buffer.c,$(LIBRARY))
# All but those that are made of a processor's own instructions.
SIM_TESTS    := $(wildcard tests/sim/pd_*.c) $(filter-out tests/system/exhaustion/%,$(TEST_SOURCES))

# ---- The simulator itself ----

SIM_SOURCES := $(wildcard sim/*.c sim/devices/*.c tool/lib/*.c tool/lib/microkit/*.c) sim/switch.S sim/gate.S
SIM_CFLAGS  := -std=c17 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Werror -I. -Iinclude -Isim/include -Itool/lib \
    -Itool/lib/microkit -MMD -MP

# $(1): suffix, $(2): further flags
define sim_program
$(SIM)/host$(1)/%.o: %.c mk/sim.mk | $(SETUP_STAMP)
	@mkdir -p $$(@D)
	@echo "  HOSTCC  $$<"
	@$(CC) $(SIM_CFLAGS) $(2) -c $$< -o $$@

$(SIM)/host$(1)/%.o: %.S mk/sim.mk | $(SETUP_STAMP)
	@mkdir -p $$(@D)
	@$(CC) $(SIM_CFLAGS) -c $$< -o $$@

$(SIM)/quoll-sim$(1): $(addprefix $(SIM)/host$(1)/,$(addsuffix .o,$(basename $(SIM_SOURCES))))
	@echo "  LINK    $$(@F)"
	@$(CC) $(SIM_CFLAGS) $(2) -rdynamic $$^ $(SIM_LIBS) -ldl -o $$@
endef
$(eval $(call sim_program,,))
$(eval $(call sim_program,-asan,$(SIM_LINK_asan)))

# ---- Programs ----

# $(1): kind, $(2): sources
sim_objects = $(patsubst %,$(SIM)/$(1)/obj/%.o,$(basename $(2)))
# $(1): kind, $(2): source
sim_name    = $(SIM)/$(1)/programs/$(notdir $(call program_of,$(2)))
sim_test    = $(SIM)/$(1)/test-programs/$(notdir $(call test_program,$(2)))
# $(1): kind, $(2): program, $(3): objects
define sim_link
$(2): $(3) $(SIM)/$(1)/glue.a $(SIM)/$(1)/libquoll.a
	@mkdir -p $$(@D)
	@$(CC) -shared $(SIM_LINK_$(1)) -Wl,-Bsymbolic -Wl,-z,now -Wl,-z,noexecstack -Wl,--build-id=none -o $$@ $(3) \
	    -Wl,--whole-archive $(SIM)/$(1)/glue.a -Wl,--no-whole-archive $(SIM)/$(1)/libquoll.a

sim-$(1): $(2)
endef

# $(1): kind
define sim_kind
.PHONY: sim-$(1)
sim-$(1):

$(SIM)/$(1)/obj/sim/pd/%.o: sim/pd/%.c mk/sim.mk | $(SETUP_STAMP)
	@mkdir -p $$(@D)
	@$(CC) $(SIM_PD_FLAGS) -O2 -fno-builtin -c $$< -o $$@

$(SIM)/$(1)/obj/lwip/%.o: $(OUT)/obj/lwip/%.c mk/sim.mk net/lwip/lwipopts.h net/lwip/lwippools.h
	@mkdir -p $$(@D)
	@$(CC) $(SIM_PD_FLAGS) $(SIM_FLAGS_$(1)) -w -c $$< -o $$@

$(SIM)/$(1)/obj/%.o: %.c mk/sim.mk | $(SETUP_STAMP) $(LWIP)/.done
	@mkdir -p $$(@D)
	@echo "  SIMCC   $$< ($(1))"
	@$(CC) $(SIM_PD_FLAGS) $(SIM_FLAGS_$(1)) -c $$< -o $$@

$(SIM)/$(1)/obj/%.o: %.S mk/sim.mk | $(SETUP_STAMP)
	@mkdir -p $$(@D)
	@$(CC) -c $$< -o $$@

$(SIM)/$(1)/libquoll.a: $(call sim_objects,$(1),$(SIM_LIBRARY))
	@rm -f $$@ && ar rcs $$@ $$^

$(SIM)/$(1)/glue.a: $(foreach g,main $(SIM_GLUE_$(1)),$(SIM)/$(1)/obj/sim/pd/$(g).o)
	@rm -f $$@ && ar rcs $$@ $$^

$(foreach s,$(DRIVERS) $(VIRTUALISERS),$(eval $(call sim_link,$(1),$(call sim_name,$(1),$(s)),$(call sim_objects,$(1),$(s)))))
$(foreach s,$(SIM_TESTS),$(eval $(call sim_link,$(1),$(call sim_test,$(1),$(s)),$(call sim_objects,$(1),$(s)))))
$(eval $(call sim_link,$(1),$(SIM)/$(1)/programs/supervisor.elf,$(call sim_objects,$(1),$(SUPERVISOR))))
endef
$(foreach k,$(SIM_KINDS),$(eval $(call sim_kind,$(k))))

# The example's programs.
SIM_LWIP = $(LWIP_NAMES:%=$(SIM)/$(1)/obj/lwip/%.o) $(call sim_objects,$(1),$(wildcard net/lwip/*.c))
SIM_WEB  = $(patsubst $(OUT)/obj/%,$(SIM)/$(1)/obj/%,$(WEB_OBJECTS))
SIM_ECHO = $(patsubst $(OUT)/near/%,$(SIM)/$(1)/obj/%,$(ECHO_OBJECTS))
$(foreach k,$(SIM_KINDS),\
  $(eval $(call sim_link,$(k),$(SIM)/$(k)/programs/web.elf,$(call SIM_WEB,$(k)) $(call SIM_LWIP,$(k))))\
  $(eval $(call sim_link,$(k),$(SIM)/$(k)/programs/echo.elf,$(call SIM_ECHO,$(k)) $(call SIM_LWIP,$(k)))))

# ---- Systems ----

# Programs for tests, but for those that stand in for others: $(SIM)/KIND/stand-alone.
# A system NAME is $(SIM)/KIND/systems/NAME.
SIM_SYSTEMS := webserver $(filter-out exhaustion,$(patsubst tests/system/%/system.yaml,%,$(wildcard tests/system/*/system.yaml)))
sim_description = $(if $(filter webserver,$(1)),$(EXAMPLE_DIR)/system.yaml,tests/system/$(1)/system.yaml)

# $(1): kind
define sim_stand_alone
$(SIM)/$(1)/stand-alone/.done: $(foreach s,$(SIM_TESTS),$(call sim_test,$(1),$(s)))
	@rm -rf $$(@D) && mkdir -p $$(@D)
	@cp $$(filter-out %/crashing_% $(SIM)/$(1)/test-programs/crashing_%,$$^) $$(@D)
	@touch $$@
endef
$(foreach k,$(SIM_KINDS),$(eval $(call sim_stand_alone,$(k))))

# $(1): kind, $(2): system
define sim_system
$(SIM)/$(1)/systems/$(2)/system.system: $(call sim_description,$(2)) $(SIM)/$(1)/stand-alone/.done \
        $(SIM)/$(1)/programs/web.elf $(SIM)/$(1)/programs/echo.elf $(SIM)/$(1)/programs/supervisor.elf \
        $(foreach s,$(DRIVERS) $(VIRTUALISERS),$(call sim_name,$(1),$(s))) $(QUOLL) $(BOARD_DTB)
	@mkdir -p $$(@D)
	@$(QUOLL) build $$< --dtb $(BOARD_DTB) --sdk host --config debug \
	    --programs $(SIM)/$(1)/stand-alone --programs $(SIM)/$(1)/programs -o $$(@D)

sim-systems-$(1): $(SIM)/$(1)/systems/$(2)/system.system
endef
$(foreach k,$(SIM_KINDS),$(foreach s,$(SIM_SYSTEMS),$(eval $(call sim_system,$(k),$(s)))))

.PHONY: sim-programs sim-systems $(SIM_KINDS:%=sim-systems-%)
sim-programs: $(SIM_KINDS:%=sim-%) $(SIM)/quoll-sim $(SIM)/quoll-sim-asan

# What tests/sim needs.
sim-systems: sim-programs $(SIM_KINDS:%=sim-systems-%)

test: sim-systems

# ---- Running ----

SIM_OPTIONS ?= --pace
SIM_RUN     := $(SIM)/quoll-sim$(if $(filter asan,$(SIM_KIND)),-asan)
SIM_DEVICES := --device 'nic=net=user,forward=tcp:$(HTTP_PORT):10.0.2.16:80+udp:$(ECHO_UDP_PORT):10.0.2.17:7+tcp:$(ECHO_TCP_PORT):10.0.2.17:7' \
    --device disk=file=$(BUILD)/example/site.img

.PHONY: sim
sim: ports disk $(SIM_RUN) $(SIM)/$(SIM_KIND)/systems/webserver/system.system
	@echo "  Serving $(SITE) on http://localhost:$(HTTP_PORT)/, from this machine; leave with Ctrl-C."
	@exec $(SIM_RUN) $(SIM)/$(SIM_KIND)/systems/webserver $(SIM_DEVICES) $(SIM_OPTIONS)

# ---- Measuring ----

# States per second of an exhaustive search: 1,198,037 states, each the same each time.
.PHONY: sim-rate
sim-rate: $(SIM)/quoll-sim $(SIM)/checked/test-programs/numbers_long_producer.elf \
        $(SIM)/checked/test-programs/numbers_long_consumer.elf
	@rm -rf $(SIM)/rate && mkdir -p $(SIM)/rate && cp $(filter %.elf,$^) $(SIM)/rate
	@sed 's/PRODUCER/numbers_long_producer/; s/CONSUMER/numbers_long_consumer/' tests/sim/toy.system \
	    >$(SIM)/rate/system.system
	@$(SIM)/quoll-sim $(SIM)/rate --schedule exhaustive

# The example in the simulator and in QEMU, beside each other.
SIM_SPEED_EMULATOR = $(BOARD_EMULATOR) -machine $(BOARD_MACHINE) -serial stdio -monitor none \
    -device loader,file=$(EXAMPLE_OUT)/loader.img,addr=0x70000000,cpu-num=0

.PHONY: sim-speed
sim-speed: example $(SIM_RUN) $(SIM)/$(SIM_KIND)/systems/webserver/system.system
	@/usr/bin/python3 tests/sim/speed.py --simulator '$(SIM_RUN) $(SIM)/$(SIM_KIND)/systems/webserver' \
	    --emulator '$(SIM_SPEED_EMULATOR)' $(SPEED_OPTIONS)

# ---- Soak ----

TIME ?= 60

.PHONY: soak
soak: disk $(SIM)/quoll-sim $(SIM)/quoll-sim-asan sim-systems-checked sim-systems-asan
	@/usr/bin/python3 tests/sim/soak.py --time $(TIME) --keep $(BUILD)/soak $(SOAK_OPTIONS)

-include $(shell find $(SIM) -name '*.d' 2>/dev/null)
