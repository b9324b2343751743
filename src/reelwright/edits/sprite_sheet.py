"""Contact sheets: how pictures are laid out in a grid, on as many sheets as are needed, and the WebVTT that tells
players which one stands for which time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil
from typing import NamedTuple

SHEET_SIDE = 4096
"""Pixels: no sheet is wider or higher, as phones decode no larger picture."""


class Grid(NamedTuple):
    """All sheets are alike; what the last one has no picture for is black."""

    columns: int
    rows: int
    sheets: int


def grid(count: int, tile: tuple[int, int], columns: int) -> Grid:
    """For so many tiles of a size, in so many columns or what a sheet holds."""
    columns = max(1, min(columns, count, SHEET_SIDE // tile[0]))
    rows = max(1, min(ceil(count / columns), SHEET_SIDE // tile[1]))
    return Grid(columns, rows, ceil(count / (columns * rows)))


def places(count: int, tile: tuple[int, int], columns: int, rows: int, sheets: Sequence[str]) -> list[str]:
    """Each tile's URI, relative to the index. The fragment is of Media Fragments URI 1.0, 4.2.2."""
    found = []
    for number in range(count):
        sheet, place = divmod(number, columns * rows)
        row, column = divmod(place, columns)
        found.append(f"{sheets[sheet]}#xywh={column * tile[0]},{row * tile[1]},{tile[0]},{tile[1]}")
    return found


def index(times: Sequence[Fraction], end: Fraction, uris: Iterable[str]) -> str:
    """A WebVTT file: each picture's URI from its time to the next one's, the last one's to the end."""
    cues = (
        f"{_clock(begin)} --> {_clock(until)}\n{uri}\n"
        for begin, until, uri in zip(times, [*times[1:], end], uris, strict=True)
    )
    return "\n".join(["WEBVTT\n", *cues])


def _clock(time: Fraction) -> str:
    """To the nearest millisecond, the finest that WebVTT has."""
    seconds, milliseconds = divmod(round(time * 1000), 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{milliseconds:03}"
