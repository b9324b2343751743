"""How processes under test are started."""

from __future__ import annotations

import os

import pytest

from tests.support.processes import from_nothing


@pytest.mark.from_nothing
def test_where_all_must_run_what_is_marked_so_starts_from_nothing() -> None:
    assert from_nothing() or not os.environ.get("TESTS_MUST_RUN")
