"""Sidecars: images of the result, beside its renditions or alone, of every kind, asked for and planned."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from reelwright.edits import sprite_sheet
from reelwright.edits.geometry import Size
from reelwright.edits.gifs_and_previews import Gif, Preview, planned_gif, planned_preview
from reelwright.edits.pointers import Pointer
from reelwright.edits.posters_and_thumbnails import Poster, Thumbnails, planned_poster, planned_thumbnails
from reelwright.edits.sidecar_files import PlannedFile
from reelwright.edits.sprite_sheet import Sprite, planned_sprite
from reelwright.errors import FieldError

AnySidecar = Poster | Thumbnails | Sprite | Preview | Gif


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
            parts, errors = planned_poster(request, frame_size, length, pointer)
        case Thumbnails():
            parts, errors = planned_thumbnails(request, frame_size, length, pointer)
        case Sprite():
            parts, errors = planned_sprite(request, frame_size, length, pointer)
        case Preview():
            parts, errors = planned_preview(request, frame_size, length, pointer)
        case Gif():
            parts, errors = planned_gif(request, frame_size, length, pointer)
    if parts is None:
        return None, errors
    width, height = parts.size
    return PlannedSidecar(
        request=request,
        width=width,
        height=height,
        at_s=parts.at_s,
        columns=parts.columns,
        rows=parts.rows,
        files=parts.files,
    ), []


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
