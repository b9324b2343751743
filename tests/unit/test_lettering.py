"""Texts and styles: what may be drawn, checked before anything is."""

import unicodedata
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.edits.layers import TextLayer, TextStyle
from reelwright.edits.text_rules import checked_text, is_right_to_left
from reelwright.edits.validation import problems


def test_every_kind_of_line_end_is_a_line_feed() -> None:
    """Texts from any system have the same lines."""
    assert checked_text("a\r\nb\rc\u2028d\u2029e\nf") == "a\nb\nc\nd\ne\nf"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a\0b", "U\\+0000"),
        ("a\tb", "U\\+0009"),
        ("a\x1b[31m", "U\\+001B"),
        ("a\x85b", "U\\+0085"),
        ("a\ud800b", "surrogate pairs: U\\+D800"),
        ("", "nothing to see"),
        (" \n\u3000\u200b\ufe0f", "nothing to see"),
        ("a" * 501, "at most 500 characters"),
        ("a\n" * 20, "at most 20 lines"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    """Control characters, halves of characters, nothing at all, too much."""
    with pytest.raises(ValueError, match=sentence):
        checked_text(text)


@given(st.text(st.characters(), max_size=40))
def test_what_passes_has_no_control_character_but_line_feeds(text: str) -> None:
    """Whatever the input; and a second look changes nothing."""
    try:
        checked = checked_text(text)
    except ValueError:
        return
    assert not any(unicodedata.category(one) in ("Cc", "Cs") and one != "\n" for one in checked)
    assert checked_text(checked) == checked


@pytest.mark.parametrize(
    ("field", "value"),
    [("font_size", 0), ("font_size", 10_000), ("max_width", 0), ("outline_width", 33), ("padding", -1),
     ("shadow_blur", 21), ("shadow_color", "dark"), ("align", "middle")],
)  # fmt: skip
def test_a_style_out_of_bounds_is_refused_by_its_field(field: str, value: Any) -> None:
    """Also where it was made in code, which no decoder has looked at; every wrong field is named."""
    (error,) = problems(TextStyle(**{field: value}))
    assert error.pointer == f"/{field}"
    both = TextStyle(**{field: value}, background="nothing")
    assert {error.pointer for error in problems(both)} == {f"/{field}", "/background"}
    assert not problems(TextStyle())


def test_a_layer_has_each_field_of_its_style_alike() -> None:
    """Type, bounds and default: what may be asked for is what is drawn."""
    layer, style = (get_type_hints(struct, include_extras=True) for struct in (TextLayer, TextStyle))
    assert {name: layer[name] for name in style} == style
    assert TextLayer(text="a").style == TextStyle()


def test_the_first_letter_with_a_direction_decides() -> None:
    """Digits and punctuation have none."""
    assert is_right_to_left("12, שלום hello")
    assert is_right_to_left("مرحبا")
    assert not is_right_to_left("(hello) שלום")
    assert not is_right_to_left("123")
