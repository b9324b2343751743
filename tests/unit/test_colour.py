"""Colours: what is taken, what it means, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.edits import color
from reelwright.edits.color import Color


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("white", Color(255, 255, 255)),
        ("RebeccaPurple", Color(0x66, 0x33, 0x99)),
        ("white@0.85", Color(255, 255, 255, 0.85)),
        ("red@1", Color(255, 0, 0)),
        ("black@.5", Color(0, 0, 0, 0.5)),
        ("#12aBfF", Color(0x12, 0xAB, 0xFF)),
        ("#ff000033", Color(255, 0, 0, 0.2)),
        ("#ff000033@0.5", Color(255, 0, 0, 0.1)),
        ("transparent", Color(0, 0, 0, 0.0)),
    ],
)
def test_a_colour_is_a_css_name_or_hexadecimal_digits_with_an_opacity(text: str, expected: Color) -> None:
    """Every form in the API's description is understood."""
    assert color.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "@0.5", "whit", "white@", "white@2", "white@-1", "white@1e0", "white@nan", "white@0.5@0.5"),
        *(
            "#fff",
            "#12345",
            "#1234567",
            "#gggggg",
            "#１２３４５６",
            "0xffffff",
            "white:fontfile=/etc/passwd",
            "white\n#",
        ),
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    """The error is for a person to read, and does not quote the input."""
    with pytest.raises(ValueError, match="colour") as refused:
        color.parse(text)
    assert len(text) < 3 or text not in str(refused.value)


@given(st.text(max_size=20) | st.from_regex(r"(#[0-9a-f]{5,9}|[a-z]{3,6})(@[0-9.]{0,4})?", fullmatch=True))
def test_every_string_is_a_colour_or_refused(text: str) -> None:
    """Nothing but numbers within their bounds comes out."""
    try:
        found = color.parse(text)
    except ValueError:
        return
    assert all(0 <= part <= 255 for part in (found.red, found.green, found.blue))
    assert 0 <= found.alpha <= 1
