"""The words of tus: what headers say, and which of them say nothing that can be understood."""

from __future__ import annotations

import base64
import contextlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.api.http import tus
from reelwright.errors import Malformed, TooLarge

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=","), min_size=1)


@given(st.dictionaries(NAMES, st.text()))
def test_metadata_says_again_what_clients_wrote(pairs: dict[str, str]) -> None:
    """Any name and any text; a name alone is an empty text."""
    written = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}".rstrip() for name, value in pairs.items())
    assert tus.metadata(written) == pairs


@given(st.text())
def test_no_header_is_an_accident(text: str) -> None:
    """Whatever is written: it is understood, or refused with 400 or 413."""
    headers = dict.fromkeys(("upload-length", "upload-defer-length", "upload-checksum", "upload-concat"), text)
    for read in (tus.length, tus.checksum, tus.concatenation, lambda _: tus.metadata(text)):
        with contextlib.suppress(Malformed, TooLarge):
            read(headers)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.5", "٣", "1 ", "0x10", "1e3"])
def test_a_length_is_digits(text: str) -> None:
    with pytest.raises(Malformed):
        tus.length({"upload-length": text})


@pytest.mark.parametrize(
    "headers", [{}, {"upload-defer-length": "0"}, {"upload-defer-length": "1", "upload-length": "5"}]
)
def test_a_length_is_said_or_put_off(headers: dict[str, str]) -> None:
    """Not both, not neither."""
    with pytest.raises(Malformed):
        tus.length(headers)
    assert tus.length({"upload-defer-length": "1"}) is None
    with pytest.raises(TooLarge):
        tus.length({"upload-length": "9" * 30})


def test_parts_are_named_by_their_addresses() -> None:
    """With a host or without, as the server told them."""
    one, two = uuid.uuid4(), uuid.uuid4()
    found = tus.concatenation({"upload-concat": f"final;/video/uploads/{one} https://a.example/uploads/{two}/"})
    assert found is not None
    assert found.parts == (one, two)
    assert tus.concatenation({"upload-concat": "partial"}) == tus.Concatenation(None)
    for text in ("final", "final;", "final;/uploads/x", "other"):
        with pytest.raises(Malformed):
            tus.concatenation({"upload-concat": text})
