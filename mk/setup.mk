# SPDX-License-Identifier: BSD-2-Clause
#
# What the project needs on a Debian machine, installed once and said once. The
# stamp makes later runs silent; SETUP=no skips it all (for machines that are not
# Debian or are set up by other means).

SETUP ?= yes
DEPS  := $(BUILD)/deps
LWIP  := $(DEPS)/lwip

ifeq ($(SETUP),yes)
SETUP_STAMP := $(BUILD)/setup.done
else
SETUP_STAMP :=
endif

$(BUILD)/setup.done: mk/packages.txt mk/setup.sh
	@mkdir -p $(BUILD)
	@sh mk/setup.sh mk/packages.txt
	@touch $@

# lwIP comes as Debian's source package and stays outside the repository.
$(LWIP)/.done: mk/source.sh | $(SETUP_STAMP)
	@sh mk/source.sh lwip $(LWIP)
	@touch $@

.PHONY: setup
setup: $(SETUP_STAMP) $(LWIP)/.done
