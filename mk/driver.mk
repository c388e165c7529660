# SPDX-License-Identifier: BSD-2-Clause
#
# Simulated devices (sim/devices) and driver tests (tests/driver).

# User-mode networking for simulated network cards.
SIM_LIBS += -lslirp

# Driver tests: tests/driver/CLASS.c is run for each driver of the class, which is the
# simulator's own build of it, with the simulated device and with QEMU's.
#
#   make driver-tests      build them; pytest runs them (tests/driver/test_drivers.py)

DRIVER_TESTS    := $(BUILD)/driver
DRIVER_CFLAGS   := -std=c17 -O1 -g -D_GNU_SOURCE -DQUOLL_SIM -fsanitize=address,undefined -fno-sanitize-recover=all \
                   -Wall -Wextra -Werror -Wno-unused-result -Iinclude -I. -Itests/unit -MMD -MP
DRIVER_CLASSES  := $(foreach c,$(CLASSES),$(if $(wildcard tests/driver/$(c).c),$(c)))
DRIVER_PARTS    := tests/driver/driver tests/driver/machine_sim tests/driver/machine_qemu tests/driver/agent_image \
                   tests/unit/fake_pd $(basename $(wildcard sim/devices/*.c))

$(DRIVER_TESTS)/obj/%.o: %.c mk/driver.mk | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(CC) $(DRIVER_CFLAGS) -c $< -o $@

$(DRIVER_TESTS)/obj/tests/driver/agent_image.o: tests/driver/agent_image.S $(DRIVER_TESTS)/agent.bin
	@mkdir -p $(@D)
	@$(CC) -DAGENT_IMAGE='"$(DRIVER_TESTS)/agent.bin"' -c $< -o $@

$(DRIVER_TESTS)/agent.bin: tests/driver/agent.c tests/driver/agent.h | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(CC_PD) -std=c17 -O2 -ffreestanding -mgeneral-regs-only -nostdlib -static -Wall -Wextra -Werror \
	    -Wl,--build-id=none -Wl,-e,agent_start -T tests/driver/agent.ld $< -o $(@:.bin=.elf)
	@$(CROSS)objcopy -O binary $(@:.bin=.elf) $@

$(DRIVER_TESTS)/driver-%: $(DRIVER_TESTS)/obj/tests/driver/%.o $(DRIVER_PARTS:%=$(DRIVER_TESTS)/obj/%.o)
	@echo "  TEST    $(@F)"
	@$(CC) $(DRIVER_CFLAGS) -rdynamic $^ -lcmocka $(SIM_LIBS) -ldl -o $@

$(DRIVER_TESTS)/driver-net: $(DRIVER_TESTS)/obj/tests/driver/net_odd.o

.PHONY: driver-tests
driver-tests: $(DRIVER_CLASSES:%=$(DRIVER_TESTS)/driver-%) sim-asan sim-checked

-include $(shell find $(DRIVER_TESTS) -name '*.d' 2>/dev/null)

test: driver-tests
