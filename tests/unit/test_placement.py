"""Positions: arithmetic on sizes, worked out exactly; everything else is refused."""

import ast
from fractions import Fraction

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reelwright.edits import placement
from reelwright.edits.placement import MAX_DISTANCE_PX, OVERLAY, TEXT, Anchored, position

PICTURE, SMALL = (1280, 720), (100, 40)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (20, 20),
        (-20.5, -20),
        (0.1 + 0.2, 0),
        ("20", 20),
        ("(w-tw)/2", 590),
        ("W - text_w - 20", 1160),
        ("main_w/3", 427),
        ("-(-W)", 1280),
        ("+.5*overlay_w", 50),
        ("h-th", 680),
        ("1/3*3", 1),
        ("W/H*9", 16),
    ],
)
def test_a_text_is_placed_by_the_names_of_drawtext(x: float | str, expected: int) -> None:
    """For a text, `w` is the picture and `tw` the text; results are rounded once, at the end."""
    assert position(x, 0, TEXT, picture=PICTURE, overlay=SMALL) == (expected, 0)


def test_an_overlay_is_placed_by_the_names_of_the_overlay_filter() -> None:
    """For an image or video, `W` is the picture and `w` what is laid over."""
    assert position("W-w-20", "main_h-overlay_h-20", OVERLAY, picture=PICTURE, overlay=SMALL) == (1160, 660)
    with pytest.raises(ValueError, match="tw is not among the names here: W, main_w, H, main_h, w, overlay_w"):
        position("tw", 0, OVERLAY, picture=PICTURE, overlay=SMALL)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "(",
            "W W",
            "1 2",
            "()",
            "W(1)",
            "(W)(1)",
            "W,H",
            "[W]",
            "W.real",
            "W**2",
            "W//2",
            "W%2",
            "~W",
            "W=1",
        ),
        *("1e5", "0x10", "1_0", "1j", "1.", "007", "w if w else w", "not W", "lambda: 1", "W<H", "'a'", '"a"', "f''"),
        *("t", "n", "t*100", "rand(0,1)", "while(1,0)", "min(1,2)", "__import__('os')", "gte(t,1)", "W:enable=1"),
        *(
            "W\n",
            "W\t",
            "W#",
            "W;",
            "W\\",
            "ｗ",
            "١",
            "W\0",
            "\u2212W",
            "W/0",
            "1/(W-W)",
            "W*W*W*W",
            "9" * 64,
            "(" * 64,
        ),
        "-" * 63 + "W" + " ",
    ],
)
def test_nothing_but_arithmetic_on_the_names_is_read(text: str) -> None:
    """Functions, time, other operators, other ways to write numbers: refused (or read as the plain number it is)."""
    if text in {"1.", "-" * 63 + "W "}:
        placement.read(text.strip(), TEXT)
        return
    with pytest.raises(ValueError, match=r"expression|names|position"):
        position(text, 0, TEXT, picture=PICTURE, overlay=SMALL)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 1e9])
def test_numbers_stay_near_the_picture(number: float) -> None:
    """What no picture can need is refused, and so is what is no number."""
    with pytest.raises(ValueError, match="within"):
        position(number, 0, TEXT, picture=PICTURE, overlay=SMALL)


@given(st.text(max_size=70) | st.text("WHwhtx_main123.+-*/() ", max_size=66))
@example("W" + "*W" * 31)
def test_every_string_is_a_position_or_refused(text: str) -> None:
    """Two integers near the picture, or a ValueError: nothing else ever happens."""
    try:
        x, y = position(text, text, OVERLAY, picture=PICTURE, overlay=SMALL)
    except ValueError:
        return
    assert isinstance(x, int)
    assert x == y
    assert abs(x) <= MAX_DISTANCE_PX


NUMBERS = st.integers(0, 99).map(str) | st.sampled_from(["W", "H", "w", "h"])
EXPRESSIONS = st.recursive(
    NUMBERS, lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map("({0[0]} {0[1]} {0[2]})".format)
).filter(lambda text: len(text) <= placement.MAX_EXPRESSION_CHARACTERS)


@given(EXPRESSIONS)
def test_results_are_those_of_exact_arithmetic(text: str) -> None:
    """Compared with Python's own fractions on the same, trusted, expression."""
    values = {name: Fraction(size) for name, size in OVERLAY.values(PICTURE, SMALL).items()}
    exact_text = ast.unparse(_Exact().visit(ast.parse(text, mode="eval")))
    try:
        expected = eval(exact_text, {"Fraction": Fraction, **values})
    except ZeroDivisionError:
        with pytest.raises(ValueError, match="divides by zero"):
            position(text, 0, OVERLAY, picture=PICTURE, overlay=SMALL)
        return
    if abs(expected) <= MAX_DISTANCE_PX:
        x, _ = position(text, 0, OVERLAY, picture=PICTURE, overlay=SMALL)
        assert -Fraction(1, 2) < x - expected <= Fraction(1, 2)


class _Exact(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Call(ast.Name("Fraction"), [node], [])


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ("top-left", (36, 36)),
        ("top", (590, 36)),
        ("top-right", (1144, 36)),
        ("left", (36, 340)),
        ("center", (590, 340)),
        ("right", (1144, 340)),
        ("bottom-left", (36, 644)),
        ("bottom", (590, 644)),
        ("bottom-right", (1144, 644)),
    ],
)
def test_an_anchor_keeps_the_same_margin_to_every_side_that_it_touches(
    anchor: placement.AnchorName, expected: tuple[int, int]
) -> None:
    """5 % are of the shorter side: 36 pixels of 720."""
    assert Anchored(anchor=anchor, margin="5%").position(PICTURE, SMALL) == expected
    assert Anchored(anchor=anchor, margin=36).position(PICTURE, SMALL) == expected


@pytest.mark.parametrize("margin", ["5", "-5%", "101%", "5%%", "W", "1e1%", float("nan"), 1e9])
def test_a_margin_is_pixels_or_per_cent(margin: float | str) -> None:
    """Checked when the request is decoded."""
    with pytest.raises(ValueError, match="margin"):
        Anchored(anchor="top", margin=margin)
    if margin == margin and margin != 1e9:
        with pytest.raises(msgspec.ValidationError, match="margin"):
            msgspec.json.decode(msgspec.json.encode({"anchor": "top", "margin": margin}), type=Anchored)
