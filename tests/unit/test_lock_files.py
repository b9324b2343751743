"""The lock files agree: what was installed to test with one of them runs as well."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def locked(name: str) -> set[str]:
    """Packages with their versions."""
    return set(re.findall(r"^[\w.-]+==[^\s;\\]+", (ROOT / name).read_text(), re.M))


@pytest.mark.parametrize("larger", ["requirements-dev.lock", "requirements-image.lock"])
def test_what_is_needed_to_run_is_a_part_of_the_others(larger: str) -> None:
    """Version by version: `scripts/install` takes who can test for somebody who can run."""
    needed = locked("requirements.lock")
    assert len(needed) > 20
    assert needed <= locked(larger)
