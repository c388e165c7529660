# SPDX-License-Identifier: BSD-2-Clause
#
# Coverage of what ships: unit tests, driver tests, systems in the simulator and tests of the
# command `quoll`, built once more with gcov.
#
#   make coverage     a line per file, and build/coverage/html/index.html; fails below
#                     95 % of lines or 90 % of branches, and for what has no reason in
#                     tests/coverage.reasons

COVERAGE       := $(BUILD)/coverage
COVERAGE_FLAGS := -O0 -g --coverage
COVERAGE_MAKE   = $(MAKE) --no-print-directory \
    UNIT=$(COVERAGE)/unit UNIT_CFLAGS='$(filter-out -O0 -fsanitize=% -fno-sanitize%,$(UNIT_CFLAGS)) $(COVERAGE_FLAGS)' \
    SIM_KINDS='asan coverage' SIM_FLAGS_coverage='$(filter-out -O1,$(SIM_FLAGS_checked)) $(COVERAGE_FLAGS)' SIM_LINK_coverage=--coverage \
    SIM_GLUE_coverage='access coverage'

.PHONY: coverage
coverage: driver-tests tools $(SIM)/quoll-sim disk $(BOARD_DTB)
	@find $(COVERAGE) $(SIM)/coverage -name '*.gcda' -delete 2>/dev/null || true
	+@$(COVERAGE_MAKE) unit-tests sim-systems-coverage
	+@$(MAKE) --no-print-directory -C tool O=$(COVERAGE)/tool CFLAGS='$(COVERAGE_FLAGS)'
	@/usr/bin/python3 tests/coverage.py $(BUILD) $(COVERAGE)
