"""Where an overlay goes: numbers, arithmetic on the sizes at hand, or an anchor, turned into exact pixels.

An expression knows + - * / ( ), numbers and the names of its vocabulary, nothing else. It is worked out here, in
exact fractions, so that no expression ever reaches a media program. The grammar is Python's; what its parser makes
of it is walked over a short list of allowed nodes, never run.
"""

from __future__ import annotations

import ast
import re
from fractions import Fraction
from math import floor
from typing import Literal, NamedTuple

import msgspec

from reelwright.edits.geometry import Size

MAX_EXPRESSION_CHARACTERS = 64
MAX_DISTANCE_PX = 100_000
"""Coordinates lie within this distance of the picture's corner."""

Coordinate = float | str
"""A number of pixels, or arithmetic such as "W-w-20"."""


class Vocabulary(NamedTuple):
    """The names of one kind of overlay: for each dimension of the picture and of the overlay, all its names."""

    picture_width: tuple[str, ...]
    picture_height: tuple[str, ...]
    overlay_width: tuple[str, ...]
    overlay_height: tuple[str, ...]

    def values(self, picture: Size, overlay: Size) -> dict[str, int]:
        sizes = (*picture, *overlay)
        return {name: size for names, size in zip(self, sizes, strict=True) for name in names}


TEXT = Vocabulary(
    ("W", "w", "main_w"), ("H", "h", "main_h"), ("tw", "text_w", "overlay_w"), ("th", "text_h", "overlay_h")
)
"""drawtext's names: here `w` is the picture."""
OVERLAY = Vocabulary(("W", "main_w"), ("H", "main_h"), ("w", "overlay_w"), ("h", "overlay_h"))
"""The overlay filter's names: here `w` is what is laid over."""

AnchorName = Literal["top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"]


class Anchored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A corner, the middle of a side or the centre of the picture. `margin`: the distance from the sides that it
    touches, in pixels, or "5%" of the picture's shorter side, so that it is the same at both sides of a corner."""

    anchor: AnchorName
    margin: float | str = 0

    def __post_init__(self) -> None:
        _margin(self.margin, (1, 1))

    def position(self, picture: Size, overlay: Size) -> tuple[int, int]:
        """The overlay's top left corner, in pixels."""
        margin = _margin(self.margin, picture)
        words = self.anchor.split("-")

        def along(side: int, low: str, high: str) -> int:
            room = picture[side] - overlay[side]
            return _pixel(margin if low in words else room - margin if high in words else Fraction(room, 2))

        return along(0, "left", "right"), along(1, "top", "bottom")


def anchored(place: Anchored | AnchorName) -> Anchored:
    """A bare name is an anchor without a margin."""
    return Anchored(anchor=place) if isinstance(place, str) else place


def position(x: Coordinate, y: Coordinate, vocabulary: Vocabulary, *, picture: Size, overlay: Size) -> tuple[int, int]:
    """The top left corner of what is laid over, in pixels: rounded to the nearest, halves up. `vocabulary`: the names
    that expressions may use.

    Raises ValueError with a sentence for the client.
    """
    values = vocabulary.values(picture, overlay)
    return _pixel(_evaluate(read(x, vocabulary), values)), _pixel(_evaluate(read(y, vocabulary), values))


def read(coordinate: Coordinate, vocabulary: Vocabulary) -> ast.expr:
    """The checked tree of a coordinate: what can be said of it before sizes are known.

    Raises ValueError with a sentence for the client.
    """
    if not isinstance(coordinate, str):
        if not abs(coordinate) <= MAX_DISTANCE_PX:  # neither is NaN
            raise ValueError(f"a position is within {MAX_DISTANCE_PX} pixels")
        return ast.Constant(Fraction(repr(coordinate)))  # type: ignore[arg-type]
    if len(coordinate) > MAX_EXPRESSION_CHARACTERS:
        raise ValueError(f"an expression has at most {MAX_EXPRESSION_CHARACTERS} characters")
    known = vocabulary.values((0, 0), (0, 0))
    rest = coordinate
    while rest := rest.strip(" "):
        token = _TOKEN.match(rest)
        if token is None:
            raise ValueError(f"an expression has numbers, names, + - * / and ( ): {_shown(rest)} is none of these")
        if token["name"] and token["name"] not in known:
            raise ValueError(f"{token['name']} is not among the names here: {', '.join(known)}")
        rest = rest[token.end() :]
    try:
        tree = ast.parse(coordinate.strip(" "), mode="eval").body
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("the expression cannot be read as arithmetic") from error
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise ValueError("an expression has only + - * / and ( ) between numbers and names")
        if isinstance(node, ast.Constant):
            node.value = Fraction(ast.get_source_segment(coordinate.strip(" "), node) or "")  # type: ignore[assignment]
    return tree


_TOKEN = re.compile(r"(?P<number>(\d+(\.\d*)?|\.\d+)(?![\w.]))|(?P<name>[A-Za-z_]\w*)|[-+*/()]", re.ASCII)
_WORD = re.compile(r"[\w.]+", re.ASCII)
_ALLOWED = (
    *(ast.BinOp, ast.UnaryOp, ast.Constant, ast.Name, ast.Load),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.UAdd, ast.USub),
)
_MARGIN_PER_CENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?) ?%", re.ASCII)


def _evaluate(node: ast.expr, values: dict[str, int]) -> Fraction:
    match node:
        case ast.Constant(value=value):
            return Fraction(value)  # type: ignore[arg-type]
        case ast.Name(id=name):
            return Fraction(values[name])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, values)
        case ast.UnaryOp(operand=operand):
            return _evaluate(operand, values)
        case ast.BinOp(left=left, op=operator, right=right):
            a, b = _evaluate(left, values), _evaluate(right, values)
            match operator:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
            if b == 0:
                raise ValueError("the expression divides by zero")
            return a / b
    raise AssertionError(node)


def _pixel(exact: Fraction) -> int:
    if abs(exact) > MAX_DISTANCE_PX:
        raise ValueError(f"a position is within {MAX_DISTANCE_PX} pixels")
    return floor(exact + Fraction(1, 2))


def _margin(margin: float | str, picture: Size) -> Fraction:
    if isinstance(margin, str):
        found = _MARGIN_PER_CENT.fullmatch(margin)
        if found is None or (share := Fraction(found[1])) > 100:
            raise ValueError('a margin is a number of pixels or, as in "5%", per cent of the picture\'s shorter side')
        return share * min(picture) / 100
    if not abs(margin) <= MAX_DISTANCE_PX:
        raise ValueError(f"a margin is within {MAX_DISTANCE_PX} pixels")
    return Fraction(repr(margin))


def _shown(rest: str) -> str:
    """What cannot be read: the word that it begins with, else the character."""
    word = _WORD.match(rest)
    if word:
        return f'"{word[0]}"'
    return f'"{rest[0]}"' if rest[0].isprintable() else f"U+{ord(rest[0]):04X}"
