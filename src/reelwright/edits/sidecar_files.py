"""Files beside renditions, or instead of any: what each must turn out to be, and how large its picture is. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import msgspec

from reelwright import file_formats
from reelwright.edits.geometry import Size, scaled
from reelwright.edits.kinds_and_states import FileRole
from reelwright.errors import FieldError

SLENDER = 4
"""A picture of a given width is at most so many times as high: a narrower one is made of what is higher."""


class Sidecar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """Made with the renditions and kept with the best of them."""


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


class Parts(NamedTuple):
    """A sidecar planned: the size of its pictures, their times on the source's time line, its files. Tiles lie in
    `columns` and `rows`."""

    size: Size
    at_s: tuple[str, ...]
    files: tuple[PlannedFile, ...]
    columns: int = 1
    rows: int = 1


PartsResult = tuple[Parts | None, list[FieldError]]


def sized(frame_size: Size, width: int | None) -> Size:
    """The picture that wide, its aspect kept as far as it is not SLENDER; sides are even."""
    scale = Fraction(1)
    if width is not None:
        scale = min(Fraction(width, frame_size[0]), Fraction(SLENDER * width, frame_size[1]))
    return scaled(frame_size, scale)


def jpeg_file(name: str, role: FileRole, size: Size) -> PlannedFile:
    image = PlannedImage(width=size[0], height=size[1])
    return PlannedFile(name=name, role=role, content_type=file_formats.JPEG.mime_type, image=image)


def webvtt_file(name: str) -> PlannedFile:
    return PlannedFile(name=name, role=FileRole.VTT, content_type=file_formats.WEBVTT.mime_type)
