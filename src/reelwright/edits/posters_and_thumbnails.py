"""Posters and thumbnails: single frames of a video as JPEGs, asked for and planned. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from msgspec import Meta

from reelwright.edits import sidecar_times
from reelwright.edits.geometry import Size
from reelwright.edits.kinds_and_states import FileRole
from reelwright.edits.pointers import Pointer
from reelwright.edits.sidecar_files import Parts, PartsResult, Sidecar, jpeg_file, sized, webvtt_file
from reelwright.edits.sidecar_times import Seconds
from reelwright.edits.timecode import Moment
from reelwright.errors import FieldError

CANDIDATES = 24
"""Frames of which the most typical one is a poster for which no time is given."""
LOOKED_AT_S = 120
"""They are spread over so much of a video."""
MAX_THUMBNAILS = 500


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


def planned_poster(request: Poster, frame_size: Size, length: Fraction, pointer: Pointer) -> PartsResult:
    at, errors = (None, []) if request.at is None else sidecar_times.one(request.at, length, pointer / "at")
    if errors:
        return None, errors
    size = sized(frame_size, request.width)
    file = jpeg_file("poster.jpg", FileRole.POSTER, size)
    times = tuple(map(str, _candidates(length) if at is None else [at]))
    return Parts(size, times, (file,)), []


def _candidates(length: Fraction) -> list[Fraction]:
    """The times of the frames of which a typical one is taken: all over the video, or a while from its first tenth on,
    so that a long one need not be read whole."""
    looked_at = min(length, Fraction(LOOKED_AT_S))
    first = min(length / 10, length - looked_at)
    return [first + later for later in sidecar_times.spread(CANDIDATES, looked_at)]


def planned_thumbnails(request: Thumbnails, frame_size: Size, length: Fraction, pointer: Pointer) -> PartsResult:
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
    return Parts(
        size,
        tuple(map(str, times)),
        (*(jpeg_file(name, FileRole.THUMBNAIL, size) for name in names), webvtt_file("thumbnails.vtt")),
    ), []
