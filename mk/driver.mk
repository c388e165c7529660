# SPDX-License-Identifier: BSD-2-Clause
#
# Simulated devices (sim/devices) and driver tests (tests/driver).

# User-mode networking for simulated network cards.
SIM_LIBS += -lslirp
