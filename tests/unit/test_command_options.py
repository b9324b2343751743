"""Options of the commands: what they refuse, and in which words."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from reelwright.cli import main


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        ("shoes=3", "'shoes' is none of "),
        ("videos_s=soon", "videos_s=soon: seconds, at most "),
        ("videos_s=-1", "videos_s=-1: seconds, at most "),
        ("videos_s=²", "videos_s=²: seconds, at most "),
        ("videos_s=99999999999999", "0 for good, or `default` for what the settings say"),
    ],
)
def test_a_rule_that_is_none_is_refused_before_anything_is_asked(keep: str, words: str) -> None:
    """With what is taken; no database is looked for."""
    ended = CliRunner().invoke(main, ["retention", "rules", "films", "--keep", keep])
    assert ended.exit_code == 2
    assert words in " ".join(ended.output.split())
