# SPDX-License-Identifier: BSD-2-Clause
#
# Programs: what runs in protection domains. Found by where they lie:
#
#   CLASS/drivers/NAME.c   a driver                NAME.elf
#   CLASS/NAME_virt.c      a virtualiser           CLASS_NAME_virt.elf, or CLASS_virt.elf for virt.c
#   CLASS/copier.c         a copier                CLASS_copier.elf
#   supervisor/*.c         the supervisor          supervisor.elf
#
# All other C of core/, bus/ and the classes goes into two archives: libquoll.a for programs
# of any size, and near/libquoll.a for these here, all of which lie within one MiB, so that an
# address is one instruction (-mcmodel=tiny).

CLASSES := net block serial timer
CROSS   ?= aarch64-linux-gnu-
CC_PD   := $(CROSS)gcc

PICOLIBC  := /usr/lib/picolibc/aarch64-linux-gnu
PD_CFLAGS := -std=c17 -fasm -O2 -flto=auto -g -ffreestanding -mcpu=cortex-a53 -mno-outline-atomics -mgeneral-regs-only -fno-pie \
             -ffunction-sections -fdata-sections -fno-common -fno-stack-protector -fomit-frame-pointer \
             -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow \
             -Iinclude -I. -isystem $(SDK_BOARD)/include -isystem $(PICOLIBC)/include -MMD -MP
# Nothing may be left in .data: a restart could not restore it (core/start.S).
PD_LDFLAGS := -nostdlib -static -no-pie -Wl,-T,$(SDK_BOARD)/lib/microkit.ld -Wl,-e,quoll_start \
              -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments

DRIVERS      := $(foreach c,$(CLASSES),$(wildcard $(c)/drivers/*.c))
VIRTUALISERS := $(foreach c,$(CLASSES),$(wildcard $(c)/*virt.c) $(wildcard $(c)/copier.c))
SUPERVISOR   := $(wildcard supervisor/*.c)
LIBRARY      := $(wildcard core/*.c core/config_space.S bus/*/*.c) \
                $(filter-out $(VIRTUALISERS),$(foreach c,$(CLASSES),$(wildcard $(c)/*.c)))

PROGRAMS := $(OUT)/programs
program_of = $(PROGRAMS)/$(if $(findstring /drivers/,$(1)),$(basename $(notdir $(1))),$(subst /,_,$(basename $(1)))).elf
object_of  = $(patsubst %,$(OUT)/obj/%.o,$(basename $(1)))
near_of    = $(patsubst %,$(OUT)/near/%.o,$(basename $(1)))

PROGRAM_ELFS := $(foreach s,$(DRIVERS) $(VIRTUALISERS),$(call program_of,$(s))) \
                $(if $(SUPERVISOR),$(PROGRAMS)/supervisor.elf)

.PHONY: programs
programs: $(PROGRAM_ELFS)

# The compiler makes calls of these functions after it has looked at all others.
$(OUT)/obj/core/memory.o $(OUT)/near/core/memory.o: PD_CFLAGS += -fno-lto -fno-builtin -fno-tree-loop-distribute-patterns

$(OUT)/obj/%.o: %.c $(SDK_STAMP) mk/programs.mk | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC_PD) $(PD_CFLAGS) -c $< -o $@

$(OUT)/near/%.o: %.c $(SDK_STAMP) mk/programs.mk | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@echo "  CC      $< (near)"
	@$(CC_PD) $(PD_CFLAGS) -mcmodel=tiny -c $< -o $@

# Two rules: one pattern rule of two targets would be taken to make both at once.
define assemble_rule
$(OUT)/$(1)/%.o: %.S $(SDK_STAMP) | $(SETUP_STAMP)
	@mkdir -p $$(@D)
	@echo "  AS      $$<"
	@$(CC_PD) $(PD_CFLAGS) -c $$< -o $$@
endef
$(foreach d,obj near,$(eval $(call assemble_rule,$(d))))

$(OUT)/libquoll.a: $(call object_of,$(LIBRARY))
$(OUT)/near/libquoll.a: $(call near_of,$(LIBRARY))
$(OUT)/libquoll.a $(OUT)/near/libquoll.a:
	@rm -f $@
	@$(CROSS)gcc-ar rcs $@ $^

# quoll_link OBJECTS-AND-ARCHIVES,FLAGS,ARCHIVE (libquoll.a if empty): link $@ and give the names of libmicrokit's words
# to the read-only copies in start.o, so that the SDK's tool patches those.
MICROKIT_WORDS := microkit_name microkit_irqs microkit_notifications microkit_pps microkit_passive
define quoll_link
@mkdir -p $(@D)
@echo "  LINK    $(@F)"
@$(CC_PD) $(PD_CFLAGS) $(PD_LDFLAGS) $(2) $(OUT)/obj/core/start.o $(1) \
    -L$(SDK_BOARD)/lib -Wl,--start-group $(or $(3),$(OUT)/libquoll.a) -lmicrokit $(PICOLIBC)/lib/libc.a -lgcc -Wl,--end-group -o $@.tmp
@sh mk/check-data.sh $(CROSS)nm $@.tmp $(@F)
@$(CROSS)objcopy $(foreach w,$(MICROKIT_WORDS),--redefine-sym $(w)=live_$(w) --redefine-sym saved_$(w)=$(w)) $@.tmp
@mv $@.tmp $@
endef

LINK_NEEDS := $(OUT)/obj/core/start.o $(OUT)/libquoll.a mk/check-data.sh mk/programs.mk

# $(1): source, $(2): further linker flags
define program_rule
$(call program_of,$(1)): $(call near_of,$(1)) $(OUT)/near/libquoll.a $$(LINK_NEEDS)
	$$(call quoll_link,$$<,$(2),$(OUT)/near/libquoll.a)
endef
$(foreach s,$(DRIVERS),$(eval $(call program_rule,$(s),-u quoll_driver)))
$(foreach s,$(VIRTUALISERS),$(eval $(call program_rule,$(s),)))

$(PROGRAMS)/supervisor.elf: $(call object_of,$(SUPERVISOR)) $(LINK_NEEDS)
	$(call quoll_link,$(call object_of,$(SUPERVISOR)),)

-include $(shell find $(OUT)/obj $(OUT)/near -name '*.d' 2>/dev/null)
