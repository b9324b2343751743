"""Sprites, or contact sheets: how pictures are laid out in a grid, on as many sheets as are needed, and the WebVTT that
tells players which one stands for which time. Asked for and planned. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil
from typing import Annotated, NamedTuple

from msgspec import Meta

from reelwright.edits import sidecar_times
from reelwright.edits.geometry import Size
from reelwright.edits.kinds_and_states import FileRole
from reelwright.edits.pointers import Pointer
from reelwright.edits.sidecar_files import Parts, PartsResult, Sidecar, jpeg_file, sized, webvtt_file
from reelwright.edits.sidecar_times import Seconds
from reelwright.errors import FieldError

SHEET_SIDE = 4096
"""Pixels: no sheet is wider or higher, as phones decode no larger picture."""
MAX_TILES = 1000
USUAL_TILES = 100


class Sprite(Sidecar, frozen=True, kw_only=True, tag="sprite"):
    """Contact sheets (`sprite-1.jpg`...), each at most 4096x4096, and `sprite.vtt` (WebVTT) with the place of each
    time's tile, as players take it for images over the seek bar. Omit both `every` and `count` for up to 100 tiles,
    not more than one a second."""

    every: (
        Annotated[Seconds, Meta(description="Seconds from tile to tile; 1000 tiles in all.", examples=[10])] | None
    ) = None
    count: Annotated[int, Meta(ge=1, le=MAX_TILES, description="So many tiles, evenly spread.")] | None = None
    width: Annotated[int, Meta(ge=16, le=640, description="Of a tile, in pixels.")] = 160
    columns: Annotated[int, Meta(ge=1, le=64, description="Tiles side by side, as far as they fit.")] = 10


class Grid(NamedTuple):
    """All sheets are alike; what the last one has no picture for is black."""

    columns: int
    rows: int
    sheets: int


def planned_sprite(request: Sprite, frame_size: Size, length: Fraction, pointer: Pointer) -> PartsResult:
    errors: list[FieldError] = []
    if request.every is None:
        times = sidecar_times.spread(request.count or min(USUAL_TILES, max(1, int(length))), length)
    elif request.count is None:
        times, errors = sidecar_times.every(request.every, length, pointer / "every", most=MAX_TILES)
    else:
        times, errors = [], [FieldError(pointer / "count", "is one way to say it, `every` is another")]
    if errors:
        return None, errors
    size = sized(frame_size, request.width)
    laid_out = grid(len(times), size, request.columns)
    sheet = laid_out.columns * size[0], laid_out.rows * size[1]
    names = [f"sprite-{number}.jpg" for number in range(1, laid_out.sheets + 1)]
    return Parts(
        size,
        tuple(map(str, times)),
        (*(jpeg_file(name, FileRole.SPRITE, sheet) for name in names), webvtt_file("sprite.vtt")),
        laid_out.columns,
        laid_out.rows,
    ), []


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
