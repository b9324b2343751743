"""Animations of a video, without sound: GIFs, and previews as WebP, asked for and planned. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from msgspec import Meta

from reelwright import file_formats
from reelwright.edits import sidecar_times, timecode
from reelwright.edits.geometry import Size, scaled
from reelwright.edits.kinds_and_states import FileRole
from reelwright.edits.pointers import Pointer
from reelwright.edits.sidecar_files import Parts, PartsResult, PlannedFile, PlannedImage, Sidecar, sized
from reelwright.edits.timecode import Moment
from reelwright.errors import FieldError

PREVIEW_PARTS = 6
GIF_SIDE, GIF_RATE = 480, 12
"""The longer side of a GIF, in pixels, and its frames a second, where nothing is said."""
MAX_GIF_S, MAX_GIF_PIXELS = 30, 64_000_000
"""A GIF is no longer, and all its frames have no more: they are in memory until the colours of all are known."""


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


def planned_preview(request: Preview, frame_size: Size, length: Fraction, pointer: Pointer) -> PartsResult:
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
    return Parts(size, at_s, (file,)), []


def planned_gif(request: Gif, frame_size: Size, length: Fraction, pointer: Pointer) -> PartsResult:
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
    return Parts(size, at_s, (file,)), []
