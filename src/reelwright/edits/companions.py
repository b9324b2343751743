"""Companions: what players want beside the renditions (streaming manifests, posters, previews), wished and planned."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright.edits import timecode
from reelwright.edits.timecode import Time
from reelwright.edits.vocabulary import FileRole
from reelwright.errors import FieldError


class Companion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """Made with the renditions and kept with the best of them."""


class Poster(Companion, frozen=True, kw_only=True, tag="poster"):
    """One frame as a JPEG: that of a given time, or a good one. `width` in pixels; None: as wide as the video."""

    at: Time | None = None
    width: Annotated[int, Meta(ge=16, le=8192)] | None = None


AnyCompanion = Poster


class PlannedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that must be there when the work is done, under its name beside the rendition's."""

    name: str
    role: FileRole
    content_type: str


class PlannedCompanion(msgspec.Struct, frozen=True, kw_only=True):
    """A companion with its sizes in pixels and its times on the source's time line worked out."""

    companion: AnyCompanion
    width: int
    height: int
    at_s: tuple[str, ...] = ()
    files: tuple[PlannedFile, ...]


def planned(
    companion: AnyCompanion, *, picture: tuple[int, int], length: Fraction, pointer: str
) -> tuple[PlannedCompanion | None, list[FieldError]]:
    """The companion of a video that is shown at that size and lasts so long, or what is wrong with it."""
    errors: list[FieldError] = []
    times: list[str] = []
    if companion.at is not None:
        try:
            at = timecode.parse(companion.at)
        except ValueError as error:
            errors.append(FieldError(f"{pointer}/at", str(error)))
        else:
            if at >= length:
                late = f"is not before the end of the video ({timecode.show(length)})"
                errors.append(FieldError(f"{pointer}/at", late))
            times.append(str(at))
    if errors:
        return None, errors
    width, height = scaled(picture, companion.width)
    file = PlannedFile(name="poster.jpg", role=FileRole.POSTER, content_type="image/jpeg")
    return PlannedCompanion(companion=companion, width=width, height=height, at_s=tuple(times), files=(file,)), []


def scaled(picture: tuple[int, int], width: int | None) -> tuple[int, int]:
    """The picture that wide, its aspect kept; sides are even."""
    scale = Fraction(width, picture[0]) if width is not None else Fraction(1)
    return max(2, 2 * round(picture[0] * scale / 2)), max(2, 2 * round(picture[1] * scale / 2))
