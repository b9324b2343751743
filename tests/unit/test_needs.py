"""What tests need of a machine, and that CI has all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import needs

ROOT = Path(__file__).parents[2]
CI = (ROOT / ".ci" / "run").read_text()


def test_ci_installs_what_tests_need() -> None:
    """Every package of the list, before the tests run, which may miss nothing then."""
    listed = CI.partition("needed=(")[2].partition(")")[0].split()
    assert dict(need.replace(",", " ").split(":") for need in listed) == needs.PACKAGES
    assert CI.index("apt-get install") < CI.index("TESTS_MUST_RUN=1") < CI.index("make test")


def test_the_readme_tells_what_may_be_skipped() -> None:
    """In the words of the reasons."""
    readme = (ROOT / "README.md").read_text()
    for name in needs.PACKAGES:
        assert f'"{needs.reason(name)}"' in readme


def test_what_is_missing_is_skipped_and_told_or_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same sentence, by TESTS_MUST_RUN."""
    monkeypatch.delenv("TESTS_MUST_RUN", raising=False)
    with pytest.raises(pytest.skip.Exception, match="nginx is missing"):
        needs.lacking("nginx is missing")
    monkeypatch.setenv("TESTS_MUST_RUN", "1")
    with pytest.raises(pytest.fail.Exception, match="nginx is missing"):
        needs.lacking("nginx is missing")
