# SPDX-License-Identifier: BSD-2-Clause
#
# Models (verify/models, Spin), what they and the simulator say of the same steps, and
# proofs (verify/proofs, Frama-C with z3 and cvc4):
#
#   make verify             install the tools if need be, search every model, compare, prove
#   make verify-models      one of the three alone
#   make verify-agreement
#   make verify-proofs
#
# A search in more depth: make verify ENTRIES=7.

ENTRIES ?= 6

.PHONY: verify verify-tools verify-models verify-agreement verify-proofs
verify-tools: needs
	@$(if $(filter yes,$(SETUP)),sh mk/setup.sh mk/verify-packages.txt)

verify: verify-tools
	@begin=$$(date +%s); \
	$(MAKE) --no-print-directory verify-proofs && $(MAKE) --no-print-directory verify-models && \
	    $(MAKE) --no-print-directory verify-agreement && echo "All that there is to verify: $$(($$(date +%s) - begin)) s"

verify-models: verify-tools
	@echo "Models:"
	@sh verify/models/orders.sh .
	@sh verify/models/run.sh $(BUILD)/verify/models $(ENTRIES)

# In two halves at once.
verify-agreement: verify-tools $(SIM)/quoll-sim $(SIM)/checked/glue.a
	@echo "Models and simulator, each step taken out of both:"
	@printf '1/2\n2/2\n' | xargs -P 2 -I HALF env VERIFY=HALF /usr/bin/python3 -m pytest -q -p no:cacheprovider \
	    tests/verify/test_model_agreement.py

verify-proofs: verify-tools
	@echo "Proofs:"
	@sh verify/proofs/run.sh $(ROOT) $(BUILD)/verify/proofs
