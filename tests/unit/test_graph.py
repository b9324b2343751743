"""The graph builder: numbers and words of ours, nothing else, become filter syntax."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.media.ffmpeg.filtergraph import (
    Expression,
    Filter,
    Graphs,
    channel_layout,
    file_in_work,
    filter_,
    measured_number,
    metadata_key,
    seconds,
    timestamps_from,
)


def test_chains_are_written_with_labels_of_their_own() -> None:
    """Whole graphs, as ffmpeg reads them."""
    graph = Graphs()
    video = graph.chain(0, [filter_("trim", start_pts=512, end_pts=1024), filter_("setpts", expr=timestamps_from(512))])
    audio = graph.chain(1, [filter_("atrim", start=Fraction(1, 3), end=Fraction(2))])
    assert (video, audio) == ("[o0]", "[o1]")
    assert graph.options() == (
        *("-filter_complex", "[0:0]trim=start_pts=512:end_pts=1024,setpts=expr=PTS-(512)[o0]"),
        *("-filter_complex", "[0:1]atrim=start=0.333333:end=2.000000[o1]"),
    )


@given(st.text(min_size=1))
def test_a_string_that_is_no_word_never_becomes_syntax(text: str) -> None:
    """Either a lower-case word, drawn literally, or an error."""
    if text.isascii() and text.isidentifier() and text.islower() and text[0].isalpha():
        assert str(Filter("format", (("x", text),))) == f"format=x={text}"
        return
    with pytest.raises(ValueError, match="not a word"):
        str(Filter("format", (("x", text),)))


@pytest.mark.parametrize("text", ["", "a,b", "a;[x]", "a'b", "../a", "a\nb", "FL+FR=1", "é"])
@pytest.mark.parametrize("names", [file_in_work, metadata_key, measured_number, channel_layout])
def test_a_name_that_is_none_of_ours_never_becomes_syntax(names: Callable[[str], Expression], text: str) -> None:
    """Of files, of what is measured, of layouts."""
    with pytest.raises(ValueError, match="not a "):
        names(text)


@given(st.fractions(0, 10**6))
def test_seconds_are_plain_decimals(value: Fraction) -> None:
    """No exponent, no rounding beyond half a microsecond."""
    text = seconds(value)
    assert set(text) <= set("0123456789.")
    assert abs(Fraction(text) - value) <= Fraction(1, 2_000_000)
