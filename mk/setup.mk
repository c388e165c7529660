# SPDX-License-Identifier: BSD-2-Clause
#
# What the project needs on a Debian machine, installed once and said once. The
# stamp makes later runs silent; SETUP=no installs nothing (for machines that are not
# Debian or are set up by other means). What is missing all the same is said.

SETUP ?= yes
DEPS  := $(BUILD)/deps
LWIP  := $(DEPS)/lwip
NEEDS := $(firstword $(CC))=gcc aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu qemu-system-aarch64=qemu-system-arm \
         sgdisk=gdisk

# Everything that is built waits for this, and nothing is built again because of it.
SETUP_STAMP := needs

.PHONY: needs
needs: $(if $(filter yes,$(SETUP)),$(BUILD)/setup.done)
	@sh mk/needs.sh $(NEEDS)

define install
@mkdir -p $(BUILD)
@sh mk/setup.sh mk/packages.txt
@touch $(BUILD)/setup.done
endef

$(BUILD)/setup.done: mk/packages.txt mk/setup.sh
	$(install)

# lwIP comes as Debian's source package and stays outside the repository.
$(LWIP)/.done: mk/source.sh | $(SETUP_STAMP)
	@sh mk/source.sh lwip $(LWIP)
	@touch $@

.PHONY: setup
setup: $(LWIP)/.done
	$(install)
