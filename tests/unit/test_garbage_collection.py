"""When Python looks for garbage."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc
shipped = gc.get_threshold()
import reelwright.errors
assert gc.get_threshold()[0] > 10 * shipped[0], gc.get_threshold()
reelwright.garbage_collection.as_shipped()
assert gc.get_threshold() == shipped, gc.get_threshold()
assert gc.get_freeze_count() > 1000
"""


def test_it_is_looked_for_seldom_while_modules_are_imported_and_as_shipped_when_all_are() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
