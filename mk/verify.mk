# SPDX-License-Identifier: BSD-2-Clause
#
# Models (verify/models, Spin) and proofs (verify/proofs, Frama-C with z3 and cvc4):
#
#   make verify    install the tools if need be, search every model, prove every goal
#
# A search in more depth: make verify ENTRIES=7.

ENTRIES ?= 6

.PHONY: verify verify-tools
verify-tools: needs
	@$(if $(filter yes,$(SETUP)),sh mk/setup.sh mk/verify-packages.txt)

verify: verify-tools
	@echo "Models:"
	@sh verify/models/orders.sh .
	@sh verify/models/run.sh $(BUILD)/verify/models $(ENTRIES)
	@echo "Proofs:"
	@sh verify/proofs/run.sh $(ROOT) $(BUILD)/verify/proofs
