# SPDX-License-Identifier: BSD-2-Clause
#
# The lint: what protection domains do with what neighbours say, over clang's syntax trees
# (tests/lint/README.md). Part of `make` where libclang is installed, and of `make test`.
#
#   make lint

LINT         := $(BUILD)/lint/lint
# With the highest number, if there are several; its header is where its library is.
LIBCLANG     := $(lastword $(sort $(wildcard /usr/lib/llvm-*/include/clang-c/Index.h)))
LIBCLANG     := $(LIBCLANG:%/include/clang-c/Index.h=%)
LINT_FLAGS    = --target=aarch64-linux-gnu -std=c17 -fasm -ffreestanding -mgeneral-regs-only \
                -Iinclude -I. -isystem $(SDK_BOARD)/include -isystem $(PICOLIBC)/include
LINT_SOURCES := $(filter-out %.S,$(DRIVERS) $(VIRTUALISERS) $(SUPERVISOR) $(LIBRARY))
LINT_HEADERS := $(wildcard include/quoll/*.h net/*.h block/*.h timer/*.h)

$(LINT): $(wildcard tests/lint/*.[ch]) mk/lint.mk | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@echo "  HOSTCC  lint"
	@$(CC) -std=c17 -O2 -g -Wall -Wextra -Werror -I$(LIBCLANG)/include $(filter %.c,$^) \
	    -L$(LIBCLANG)/lib -Wl,-rpath,$(LIBCLANG)/lib -lclang -o $@

.PHONY: lint lint-command
ifneq ($(LIBCLANG),)
lint: $(BUILD)/lint/clean-$(SDK_NAME)
lint-command: $(LINT) $(SDK_STAMP)
	@echo $(LINT) $(LINT_FLAGS)
else ifeq ($(LINT_LOOKED),)
# Perhaps it has been installed since make began.
lint lint-command: | $(SETUP_STAMP)
	@$(MAKE) --no-print-directory LINT_LOOKED=yes $@
else
lint lint-command:
	@echo "lint: skipped, there is no libclang (Debian package libclang-dev)"
endif

$(BUILD)/lint/clean-$(SDK_NAME): $(LINT) tests/lint/trusted $(LINT_SOURCES) $(LINT_HEADERS) $(SDK_STAMP)
	@echo "  LINT"
	@$(LINT) tests/lint/trusted $(LINT_FLAGS) -- $(LINT_SOURCES)
	@touch $@
