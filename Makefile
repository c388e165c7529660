# SPDX-License-Identifier: BSD-2-Clause
#
# Quoll, from the project's root:
#
#   make run     install what is missing, build, make a disk, boot, serve
#   make test    install what is missing, build, test everything
#   make         build everything for one SDK
#   make help    what can be set, and the other targets

BOARD   ?= qemu_virt_aarch64
CONFIG  ?= $(if $(filter bench,$(MAKECMDGOALS)),release,debug)
JOBS    ?= $(shell nproc)

ROOT  := $(CURDIR)
BUILD := $(ROOT)/build

MAKEFLAGS += --no-builtin-rules
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += --jobs=$(JOBS)
endif
.DELETE_ON_ERROR:
.SUFFIXES:

.PHONY: all
all: programs tools example lint

include mk/setup.mk
include mk/sdk.mk
include boards/$(BOARD).mk
include mk/programs.mk
include mk/tools.mk
include mk/example.mk
include mk/tests.mk
include mk/conformance.mk
include mk/bench.mk
include mk/driver.mk
include mk/sim.mk
include mk/coverage.mk
include mk/mutants.mk
include mk/verify.mk
include mk/lint.mk
include mk/fetch.mk
include mk/hostile.mk
include mk/fuzz.mk

.PHONY: help
help:
	@cat mk/help.txt

.PHONY: clean
clean:
	rm -rf $(BUILD)
