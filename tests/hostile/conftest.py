# SPDX-License-Identifier: BSD-2-Clause
"""tests/hostile needs its programs: make hostile-sim, hostile-programs."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
