"""Errors and warnings point at the request, by its own names."""

from __future__ import annotations

import pytest

from reelwright.edits.edit import overlay, trim
from reelwright.edits.facts import ImageFacts
from reelwright.edits.layers import TextLayer
from reelwright.edits.plan import Facts, resolve
from reelwright.edits.pointers import Pointer
from reelwright.errors import InvalidInput
from tests.support.media_info import media


def test_a_field_is_named_as_the_request_has_it() -> None:
    """A plan that is refused says where, wherever the request has it; without pointers, where the edit has it."""
    facts = Facts(sha256="0" * 64, media=media())
    for pointers, expected in (
        ([Pointer(names={"end": "end_time"})], "/end_time"),
        ([Pointer("/cut")], "/cut/end"),
        ([], "/steps/0/end"),
    ):
        with pytest.raises(InvalidInput) as refused:
            resolve(trim(5, 2), facts, pointers)
        assert [error.pointer for error in refused.value.errors] == [expected]


def test_a_warning_begins_with_what_it_speaks_of() -> None:
    """Where that is the whole request, nothing has to be said."""
    drawn = ImageFacts(sha256="0" * 64, width=100, height=50)
    facts = Facts(sha256="0" * 64, media=media(), layers=(drawn,))
    edit = overlay((TextLayer(text="far away", x=5000),))
    (warning,) = resolve(edit, facts, [Pointer("/overlays/3")]).warnings
    assert warning.startswith('/overlays/3: the text "far away" lies outside')
    (warning,) = resolve(edit, facts, [Pointer()]).warnings
    assert warning.startswith('the text "far away" lies outside')
