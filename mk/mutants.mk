# SPDX-License-Identifier: BSD-2-Clause
#
# Mutants: small mistakes made on purpose in queue, links, virtualisers and drivers, and
# which of the tests' floors notices (tests/mutants/mutants.py says how).
#
#   make mutants                 all of them: a table, and who survives
#   make mutants MUTANTS=...     options (--help): --sample N, --only TEXT, --list, --jobs N,
#                                --results FILE to go on later

MUTANTS ?=

.PHONY: mutants for-mutants
mutants: for-mutants
	@/usr/bin/python3 tests/mutants/mutants.py --build $(BUILD) --make '$(MAKE)' --sdk '$(MICROKIT_SDK)' \
	    --dtb $(BOARD_DTB) $(MUTANTS)

for-mutants: unit-tests driver-tests tools $(SIM)/quoll-sim $(BOARD_DTB) sim-systems-checked
