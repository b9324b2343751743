"""Sidecars: images of the result (posters, sprites, previews, GIFs), beside its renditions or alone, asked for and
planned."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright import file_formats
from reelwright.edits import sidecar_times, sprite_sheet, timecode
from reelwright.edits.enums import FileRole
from reelwright.edits.geometry import Size, scaled
from reelwright.edits.pointers import Pointer
from reelwright.edits.timecode import Moment
from reelwright.errors import FieldError

CANDIDATES = 24
"""Frames of which the most typical one is a poster for which no time is given."""
LOOKED_AT_S = 120
"""They are spread over so much of a video."""
MAX_THUMBNAILS = 500
MAX_TILES = 1000
USUAL_TILES = 100
PREVIEW_PARTS = 6
GIF_SIDE, GIF_RATE = 480, 12
"""The longer side of a GIF, in pixels, and its frames a second, where nothing is said."""
MAX_GIF_S, MAX_GIF_PIXELS = 30, 64_000_000
"""A GIF is no longer, and all its frames have no more: they are in memory until the colours of all are known."""
SLENDER = 4
"""A picture of a given width is at most so many times as high: a narrower one is made of what is higher."""


class Sidecar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """Made with the renditions and kept with the best of them."""


Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class Poster(Sidecar, frozen=True, kw_only=True, tag="poster"):
    """One frame of the video as a JPEG: the first from `at` on, or a typical one."""

    at: Moment | None = None
    width: Annotated[int, Meta(ge=16, le=8192, description="Pixels; omitted: as wide as the video.")] | None = None


class Thumbnails(Sidecar, frozen=True, kw_only=True, tag="thumbnails"):
    """JPEGs, `thumbnail-0001.jpg` and so on as their times rise, and `thumbnails.vtt` (WebVTT) that tells each one's
    time. Each shows the first frame that is not before its time. Give `at` or `every`."""

    at: Annotated[tuple[Moment, ...], Meta(max_length=MAX_THUMBNAILS, description="These times.")] | None = None
    every: (
        Annotated[Seconds, Meta(description="Seconds: the start, and each so much later, 500 in all.", examples=[10])]
        | None
    ) = None
    width: (
        Annotated[int, Meta(ge=16, le=4096, description="Pixels; omitted: 320, or the video's when less.")] | None
    ) = None


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


class Preview(Sidecar, frozen=True, kw_only=True, tag="preview"):
    """A short animation without sound, `preview.webp`, that repeats for ever: from `at` on, or six bits from all over
    the video."""

    at: Moment | None = None
    duration: Annotated[float, Meta(ge=0.1, le=10, description="Seconds in all.")] = 3.0
    width: Annotated[int, Meta(ge=16, le=640, description="Pixels; omitted: 320, or the video's when less.")] | None = (
        None
    )
    frame_rate: Annotated[int, Meta(ge=1, le=20, description="Frames a second.")] = 10


class Gif(Sidecar, frozen=True, kw_only=True, tag="gif"):
    """An animation without sound, `animation.gif`, of up to 256 colours chosen for it, that repeats for ever."""

    at: Annotated[Moment, Meta(description="From when on; omitted: from the start.")] = 0
    duration: (
        Annotated[float, Meta(ge=0.1, le=MAX_GIF_S, description="Seconds; omitted: to the end of the video.")] | None
    ) = None
    width: (
        Annotated[
            int,
            Meta(
                ge=16,
                le=1280,
                description=f"Pixels; omitted: no side is longer than {GIF_SIDE}, nor than the video's.",
            ),
        ]
        | None
    ) = None
    frame_rate: Annotated[int, Meta(ge=1, le=30, description="Frames a second.")] = GIF_RATE


AnySidecar = Poster | Thumbnails | Sprite | Preview | Gif


class PlannedImage(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture file must turn out to be; a moving one is shown for `duration_ms`, in `pages` where each of its
    frames is one."""

    width: int
    height: int
    duration_ms: int | None = None
    pages: int | None = None


class PlannedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that must be there when the work is done, under its name beside the rendition's."""

    name: str
    role: FileRole
    content_type: str
    image: PlannedImage | None = msgspec.field(default=None, name="picture")


class PlannedSidecar(msgspec.Struct, frozen=True, kw_only=True):
    """A sidecar with its sizes in pixels and its times on the source's time line worked out. Tiles lie in `columns`
    and `rows`."""

    request: AnySidecar = msgspec.field(name="companion")
    width: int
    height: int
    at_s: tuple[str, ...] = ()
    columns: int = 1
    rows: int = 1
    files: tuple[PlannedFile, ...]


PlanResult = tuple[PlannedSidecar | None, list[FieldError]]


def planned(request: AnySidecar, *, frame_size: Size, length: Fraction, pointer: Pointer) -> PlanResult:
    """The sidecar of a video that is shown at that size and lasts so long, or what is wrong with it."""
    match request:
        case Poster():
            return _poster(request, frame_size, length, pointer)
        case Thumbnails():
            return _thumbnails(request, frame_size, length, pointer)
        case Sprite():
            return _sprite(request, frame_size, length, pointer)
        case Preview():
            return _preview(request, frame_size, length, pointer)
        case Gif():
            return _gif(request, frame_size, length, pointer)


def texts(made: PlannedSidecar, length: Fraction) -> dict[str, str]:
    """What files of ours hold, by name: the indexes of pictures."""
    times = [Fraction(at) for at in made.at_s]
    pictures = [file.name for file in made.files if file.image is not None]
    if isinstance(made.request, Thumbnails):
        return {"thumbnails.vtt": sprite_sheet.index(times, length, pictures)}
    if isinstance(made.request, Sprite):
        tile = made.width, made.height
        tiles = sprite_sheet.places(len(times), tile, made.columns, made.rows, pictures)
        return {"sprite.vtt": sprite_sheet.index(times, length, tiles)}
    return {}


def sized(frame_size: Size, width: int | None) -> Size:
    """The picture that wide, its aspect kept as far as it is not SLENDER; sides are even."""
    scale = Fraction(1)
    if width is not None:
        scale = min(Fraction(width, frame_size[0]), Fraction(SLENDER * width, frame_size[1]))
    return scaled(frame_size, scale)


def _poster(request: Poster, frame_size: Size, length: Fraction, pointer: Pointer) -> PlanResult:
    at, errors = (None, []) if request.at is None else sidecar_times.one(request.at, length, pointer / "at")
    if errors:
        return None, errors
    size = sized(frame_size, request.width)
    file = _jpeg("poster.jpg", FileRole.POSTER, size)
    times = tuple(map(str, _candidates(length) if at is None else [at]))
    return PlannedSidecar(request=request, width=size[0], height=size[1], at_s=times, files=(file,)), []


def _candidates(length: Fraction) -> list[Fraction]:
    """The times of the frames of which a typical one is taken: all over the video, or a while from its first tenth on,
    so that a long one need not be read whole."""
    looked_at = min(length, Fraction(LOOKED_AT_S))
    first = min(length / 10, length - looked_at)
    return [first + later for later in sidecar_times.spread(CANDIDATES, looked_at)]


def _thumbnails(request: Thumbnails, frame_size: Size, length: Fraction, pointer: Pointer) -> PlanResult:
    if request.every is None:
        times, errors = sidecar_times.named(request.at or (), length, pointer / "at")
    elif request.at is None:
        times, errors = sidecar_times.every(request.every, length, pointer / "every", most=MAX_THUMBNAILS)
    else:
        times, errors = [], [FieldError(pointer / "every", "is one way to say it, `at` is another")]
    if errors:
        return None, errors
    size = sized(frame_size, min(320, frame_size[0]) if request.width is None else request.width)
    names = [f"thumbnail-{number:04}.jpg" for number in range(1, len(times) + 1)]
    return PlannedSidecar(
        request=request,
        width=size[0],
        height=size[1],
        at_s=tuple(map(str, times)),
        files=(*(_jpeg(name, FileRole.THUMBNAIL, size) for name in names), webvtt_file("thumbnails.vtt")),
    ), []


def _sprite(request: Sprite, frame_size: Size, length: Fraction, pointer: Pointer) -> PlanResult:
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
    grid = sprite_sheet.grid(len(times), size, request.columns)
    sheet = grid.columns * size[0], grid.rows * size[1]
    names = [f"sprite-{number}.jpg" for number in range(1, grid.sheets + 1)]
    return PlannedSidecar(
        request=request,
        width=size[0],
        height=size[1],
        at_s=tuple(map(str, times)),
        columns=grid.columns,
        rows=grid.rows,
        files=(*(_jpeg(name, FileRole.SPRITE, sheet) for name in names), webvtt_file("sprite.vtt")),
    ), []


def _preview(request: Preview, frame_size: Size, length: Fraction, pointer: Pointer) -> PlanResult:
    count = max(1, round(Fraction(repr(request.duration)) * request.frame_rate))
    if request.at is None:
        times = sidecar_times.runs(count, request.frame_rate, length, parts=PREVIEW_PARTS)
    else:
        start, errors = sidecar_times.one(request.at, length, pointer / "at")
        if start is None:
            return None, errors
        times = sidecar_times.run(start, count, request.frame_rate, length)
    size = sized(frame_size, min(320, frame_size[0]) if request.width is None else request.width)
    shown = PlannedImage(
        width=size[0], height=size[1], duration_ms=round(Fraction(1000 * len(times), request.frame_rate))
    )
    mime_type = file_formats.WEBP.mime_type
    file = PlannedFile(name="preview.webp", role=FileRole.PREVIEW, content_type=mime_type, image=shown)
    at_s = tuple(map(str, times))
    return PlannedSidecar(request=request, width=size[0], height=size[1], at_s=at_s, files=(file,)), []


def _gif(request: Gif, frame_size: Size, length: Fraction, pointer: Pointer) -> PlanResult:
    start, errors = sidecar_times.one(request.at, length, pointer / "at")
    if start is None:
        return None, errors
    lasting = length - start
    if request.duration is not None:
        lasting = min(Fraction(repr(request.duration)), lasting)
    if request.width is None:
        size = scaled(frame_size, min(Fraction(1), Fraction(GIF_SIDE, max(frame_size))))
    else:
        size = sized(frame_size, request.width)
    times = sidecar_times.run(start, max(1, round(lasting * request.frame_rate)), request.frame_rate, length)
    longest = min(Fraction(MAX_GIF_S), Fraction(MAX_GIF_PIXELS, size[0] * size[1] * request.frame_rate))
    if lasting > longest:
        ways = "say `duration`, or trim it before" + ("" if longest == MAX_GIF_S else "; or less `width`, `frame_rate`")
        shape = f"{size[0]}x{size[1]} with {request.frame_rate} frames a second"
        sentence = f"is of {timecode.show(lasting)}: a GIF of {shape} is at most {float(longest):.1f} s long: {ways}"
        return None, [FieldError(pointer.path, sentence)]
    # a GIF counts in hundredths of a second
    lasts_ms = 10 * round(Fraction(100 * len(times), request.frame_rate))
    shown = PlannedImage(width=size[0], height=size[1], duration_ms=lasts_ms, pages=len(times))
    file = PlannedFile(
        name="animation.gif", role=FileRole.PREVIEW, content_type=file_formats.GIF.mime_type, image=shown
    )
    at_s = tuple(map(str, times))
    return PlannedSidecar(request=request, width=size[0], height=size[1], at_s=at_s, files=(file,)), []


def _jpeg(name: str, role: FileRole, size: Size) -> PlannedFile:
    image = PlannedImage(width=size[0], height=size[1])
    return PlannedFile(name=name, role=role, content_type=file_formats.JPEG.mime_type, image=image)


def webvtt_file(name: str) -> PlannedFile:
    return PlannedFile(name=name, role=FileRole.VTT, content_type=file_formats.WEBVTT.mime_type)
