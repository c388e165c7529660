# SPDX-License-Identifier: BSD-2-Clause
#
# The Microkit SDK: the one that MICROKIT_SDK names, else the development SDK,
# which is built here. Nothing else in the project asks which of the two it is.

ifeq ($(MICROKIT_SDK),)
  ifeq ($(wildcard devkit/Makefile),)
    $(error there is no devkit here: say MICROKIT_SDK=/path/to/microkit-sdk-2.0.1)
  endif
  SDK       := $(BUILD)/devkit
  SDK_NAME  := devkit
  SDK_STAMP := $(SDK)/VERSION
else
  SDK := $(abspath $(MICROKIT_SDK))
  ifeq ($(wildcard $(SDK)/bin/microkit),)
    $(error MICROKIT_SDK=$(MICROKIT_SDK) is not a Microkit SDK: it has no bin/microkit)
  endif
  ifeq ($(wildcard $(SDK)/board/$(BOARD)/$(CONFIG)/include/microkit.h),)
    $(error MICROKIT_SDK=$(MICROKIT_SDK) has no board $(BOARD) with configuration $(CONFIG); \
      it has: $(patsubst $(SDK)/board/%/include/microkit.h,%,$(wildcard $(SDK)/board/*/*/include/microkit.h)))
  endif
  # Two SDKs of one version in different places do not share their objects.
  SDK_NAME  := sdk-$(shell cat $(SDK)/VERSION 2>/dev/null)-$(firstword $(shell printf %s $(SDK) | cksum))
  SDK_STAMP := $(SDK)/VERSION
endif

SDK_BOARD := $(SDK)/board/$(BOARD)/$(CONFIG)
OUT       := $(BUILD)/$(SDK_NAME)/$(BOARD)-$(CONFIG)

ifeq ($(MICROKIT_SDK),)
DEVKIT_SOURCES := $(shell find devkit tool/lib -type f)
$(SDK_STAMP): $(DEVKIT_SOURCES) | $(SETUP_STAMP)
	@echo "  DEVKIT  $(SDK:$(ROOT)/%=%)"
	@$(MAKE) --no-print-directory -C devkit O=$(SDK)
	@touch $@
endif
