# SPDX-License-Identifier: BSD-2-Clause
#
# What each kernel promises and keeps: the table of tests/conformance, on the
# development SDK and on each official one that is there (OFFICIAL_SDKS).

CONFORMANCE_SDKS := $(if $(wildcard devkit/Makefile),devkit=$(BUILD)/devkit=$(BUILD)/devkit) \
    $(foreach sdk,$(OFFICIAL_SDKS),sdk-$(notdir $(sdk))=$(sdk)=$(BUILD))

.PHONY: conformance
conformance: $(if $(wildcard devkit/Makefile),$(BUILD)/devkit/VERSION) | $(SETUP_STAMP)
	@QUOLL_SDKS="$(CONFORMANCE_SDKS)" /usr/bin/python3 tests/conformance/table.py
