# SPDX-License-Identifier: BSD-2-Clause
"""tests/sim needs the simulator and its systems: make sim-systems."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
