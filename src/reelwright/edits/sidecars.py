"""Companions: what players want beside the renditions (streaming manifests, posters, previews), wished and planned."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright import file_formats
from reelwright.edits import frame_times, sprite_sheet
from reelwright.edits.enums import FileRole
from reelwright.edits.geometry import Size, scaled
from reelwright.edits.pointers import Pointer
from reelwright.edits.timecode import Moment
from reelwright.errors import FieldError

MOST_THUMBNAILS = 500
MOST_TILES = 1000
USUAL_TILES = 100
PREVIEW_PARTS = 6
SLENDER = 4
"""A picture of a given width is at most so many times as high: a narrower one is made of what is higher."""


class Companion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """Made with the renditions and kept with the best of them."""


Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class Poster(Companion, frozen=True, kw_only=True, tag="poster"):
    """One frame of the video as a JPEG: the first from `at` on, or a typical one."""

    at: Moment | None = None
    width: Annotated[int, Meta(ge=16, le=8192, description="Pixels; omitted: as wide as the video.")] | None = None


class Thumbnails(Companion, frozen=True, kw_only=True, tag="thumbnails"):
    """JPEGs, `thumbnail-0001.jpg` and so on as their times rise, and `thumbnails.vtt` (WebVTT) that tells each one's
    time. Each shows the first frame that is not before its time. Give `at` or `every`."""

    at: Annotated[tuple[Moment, ...], Meta(max_length=MOST_THUMBNAILS, description="These times.")] | None = None
    every: (
        Annotated[Seconds, Meta(description="Seconds: the start, and each so much later, 500 in all.", examples=[10])]
        | None
    ) = None
    width: (
        Annotated[int, Meta(ge=16, le=4096, description="Pixels; omitted: 320, or the video's when less.")] | None
    ) = None


class Sprite(Companion, frozen=True, kw_only=True, tag="sprite"):
    """Contact sheets (`sprite-1.jpg`...), each at most 4096x4096, and `sprite.vtt` (WebVTT) with the place of each
    time's tile, as players take it for images over the seek bar. Omit both `every` and `count` for up to 100 tiles,
    not more than one a second."""

    every: (
        Annotated[Seconds, Meta(description="Seconds from tile to tile; 1000 tiles in all.", examples=[10])] | None
    ) = None
    count: Annotated[int, Meta(ge=1, le=MOST_TILES, description="So many tiles, evenly spread.")] | None = None
    width: Annotated[int, Meta(ge=16, le=640, description="Of a tile, in pixels.")] = 160
    columns: Annotated[int, Meta(ge=1, le=64, description="Tiles side by side, as far as they fit.")] = 10


class Preview(Companion, frozen=True, kw_only=True, tag="preview"):
    """A short animation without sound, `preview.webp`, that repeats for ever: from `at` on, or six bits from all over
    the video."""

    at: Moment | None = None
    duration: Annotated[float, Meta(ge=0.1, le=10, description="Seconds in all.")] = 3.0
    width: Annotated[int, Meta(ge=16, le=640, description="Pixels; omitted: 320, or the video's when less.")] | None = (
        None
    )
    frame_rate: Annotated[int, Meta(ge=1, le=20, description="Frames a second.")] = 10


AnyCompanion = Poster | Thumbnails | Sprite | Preview


class PlannedPicture(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture file must turn out to be; a moving one is shown for `duration_ms`."""

    width: int
    height: int
    duration_ms: int | None = None


class PlannedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that must be there when the work is done, under its name beside the rendition's."""

    name: str
    role: FileRole
    content_type: str
    picture: PlannedPicture | None = None


class PlannedCompanion(msgspec.Struct, frozen=True, kw_only=True):
    """A companion with its sizes in pixels and its times on the source's time line worked out. Tiles lie in `columns`
    and `rows`."""

    companion: AnyCompanion
    width: int
    height: int
    at_s: tuple[str, ...] = ()
    columns: int = 1
    rows: int = 1
    files: tuple[PlannedFile, ...]


Wish = tuple[PlannedCompanion | None, list[FieldError]]


def planned(companion: AnyCompanion, *, picture: Size, length: Fraction, pointer: Pointer) -> Wish:
    """The companion of a video that is shown at that size and lasts so long, or what is wrong with it."""
    match companion:
        case Poster():
            return _poster(companion, picture, length, pointer)
        case Thumbnails():
            return _thumbnails(companion, picture, length, pointer)
        case Sprite():
            return _sprite(companion, picture, length, pointer)
        case Preview():
            return _preview(companion, picture, length, pointer)


def texts(made: PlannedCompanion, length: Fraction) -> dict[str, str]:
    """What files of ours hold, by name: the indexes of pictures."""
    times = [Fraction(at) for at in made.at_s]
    pictures = [file.name for file in made.files if file.picture is not None]
    if isinstance(made.companion, Thumbnails):
        return {"thumbnails.vtt": sprite_sheet.index(times, length, pictures)}
    if isinstance(made.companion, Sprite):
        tile = made.width, made.height
        tiles = sprite_sheet.places(len(times), tile, made.columns, made.rows, pictures)
        return {"sprite.vtt": sprite_sheet.index(times, length, tiles)}
    return {}


def sized(picture: Size, width: int | None) -> Size:
    """The picture that wide, its aspect kept as far as it is not SLENDER; sides are even."""
    scale = Fraction(1)
    if width is not None:
        scale = min(Fraction(width, picture[0]), Fraction(SLENDER * width, picture[1]))
    return scaled(picture, scale)


def _poster(wish: Poster, picture: Size, length: Fraction, pointer: Pointer) -> Wish:
    at, errors = (None, []) if wish.at is None else frame_times.one(wish.at, length, pointer / "at")
    if errors:
        return None, errors
    size = sized(picture, wish.width)
    file = _jpeg("poster.jpg", FileRole.POSTER, size)
    times = () if at is None else (str(at),)
    return PlannedCompanion(companion=wish, width=size[0], height=size[1], at_s=times, files=(file,)), []


def _thumbnails(wish: Thumbnails, picture: Size, length: Fraction, pointer: Pointer) -> Wish:
    if wish.every is None:
        times, errors = frame_times.named(wish.at or (), length, pointer / "at")
    elif wish.at is None:
        times, errors = frame_times.every(wish.every, length, pointer / "every", most=MOST_THUMBNAILS)
    else:
        times, errors = [], [FieldError(pointer / "every", "is one way to say it, `at` is another")]
    if errors:
        return None, errors
    size = sized(picture, min(320, picture[0]) if wish.width is None else wish.width)
    names = [f"thumbnail-{number:04}.jpg" for number in range(1, len(times) + 1)]
    return PlannedCompanion(
        companion=wish,
        width=size[0],
        height=size[1],
        at_s=tuple(map(str, times)),
        files=(*(_jpeg(name, FileRole.THUMBNAIL, size) for name in names), _vtt("thumbnails.vtt")),
    ), []


def _sprite(wish: Sprite, picture: Size, length: Fraction, pointer: Pointer) -> Wish:
    errors: list[FieldError] = []
    if wish.every is None:
        times = frame_times.spread(wish.count or min(USUAL_TILES, max(1, int(length))), length)
    elif wish.count is None:
        times, errors = frame_times.every(wish.every, length, pointer / "every", most=MOST_TILES)
    else:
        times, errors = [], [FieldError(pointer / "count", "is one way to say it, `every` is another")]
    if errors:
        return None, errors
    size = sized(picture, wish.width)
    grid = sprite_sheet.grid(len(times), size, wish.columns)
    sheet = grid.columns * size[0], grid.rows * size[1]
    names = [f"sprite-{number}.jpg" for number in range(1, grid.sheets + 1)]
    return PlannedCompanion(
        companion=wish,
        width=size[0],
        height=size[1],
        at_s=tuple(map(str, times)),
        columns=grid.columns,
        rows=grid.rows,
        files=(*(_jpeg(name, FileRole.SPRITE, sheet) for name in names), _vtt("sprite.vtt")),
    ), []


def _preview(wish: Preview, picture: Size, length: Fraction, pointer: Pointer) -> Wish:
    count = max(1, round(Fraction(repr(wish.duration)) * wish.frame_rate))
    if wish.at is None:
        times = frame_times.runs(count, wish.frame_rate, length, parts=PREVIEW_PARTS)
    else:
        start, errors = frame_times.one(wish.at, length, pointer / "at")
        if start is None:
            return None, errors
        times = frame_times.run(start, count, wish.frame_rate, length)
    size = sized(picture, min(320, picture[0]) if wish.width is None else wish.width)
    shown = PlannedPicture(
        width=size[0], height=size[1], duration_ms=round(Fraction(1000 * len(times), wish.frame_rate))
    )
    mime_type = file_formats.WEBP.mime_type
    file = PlannedFile(name="preview.webp", role=FileRole.PREVIEW, content_type=mime_type, picture=shown)
    at_s = tuple(map(str, times))
    return PlannedCompanion(companion=wish, width=size[0], height=size[1], at_s=at_s, files=(file,)), []


def _jpeg(name: str, role: FileRole, size: Size) -> PlannedFile:
    picture = PlannedPicture(width=size[0], height=size[1])
    return PlannedFile(name=name, role=role, content_type=file_formats.JPEG.mime_type, picture=picture)


def _vtt(name: str) -> PlannedFile:
    return PlannedFile(name=name, role=FileRole.VTT, content_type=file_formats.WEBVTT.mime_type)
