"""Measures what the service promises: memory, latency, overhead, the cost of a trim. `python -m benchmarks`.

Every figure is a ratio or a difference within one run on one machine: absolute times say more about the machine.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # the tests' way of starting the service is ours too
