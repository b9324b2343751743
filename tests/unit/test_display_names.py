"""What fetched files are called, as the other side says it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.library.display_names import remote_name


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename=clip.mp4", "clip.mp4"),
        ("attachment; filename*=utf-8''k%C3%A4se.mp4", "käse.mp4"),
        ("attachment; filename*=utf-8''a%00b.mp4", "ab.mp4"),
        ("attachment; filename*=unicode_escape''%5Cud800.mp4", ".mp4"),
        ("attachment; filename*=undefined''clip.mp4", None),
        ("attachment; filename*=idna''%ff.mp4", None),
        (f"attachment; filename*{'9' * 5000}=clip.mp4", None),
        ("attachment", None),
        ("", None),
    ],
)
def test_a_name_that_cannot_be_read_or_stored_is_none(disposition: str, name: str | None) -> None:
    """The import goes on: it is called after its address then."""
    assert remote_name(disposition) == name


@given(st.text(st.characters(max_codepoint=255)), st.sampled_from(["utf-16", "punycode", "utf-7", "hex", "\0", "'"]))
def test_no_name_is_an_accident(text: str, charset: str) -> None:
    """Whatever the other side writes can be stored."""
    name = remote_name(f"attachment; filename*={charset}''{text}")
    assert name is None or (name.encode() and "\0" not in name)
