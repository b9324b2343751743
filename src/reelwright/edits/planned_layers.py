"""Layers placed: where, how large and when each lies over the picture, resolved from measured sizes."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from reelwright.edits import timecode
from reelwright.edits.model import AnyLayer, Picture, TextLayer, VideoLayer
from reelwright.edits.placement import OVERLAY, TEXT, anchored, position, read
from reelwright.edits.sizes import Size, scaled
from reelwright.edits.source import MediaInfo
from reelwright.errors import FieldError

WIDEST = 8192
"""Pixels of a layer's side, at most."""

MOST_NAMED = 40
"""Characters of a text by which a warning names it."""


class PictureFacts(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="picture"):
    """A drawn text or a normalised picture: an RGBA PNG under its SHA-256."""

    sha256: str
    width: int
    height: int


class VideoFacts(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="video"):
    sha256: str
    media: MediaInfo


class PlannedLayer(msgspec.Struct, frozen=True, kw_only=True):
    """`facts` shown `width` x `height` with its top left corner at (`x`, `y`) while start <= t < end."""

    facts: PictureFacts | VideoFacts
    x: int
    y: int
    width: int
    height: int
    start_s: str
    end_s: str
    opacity: float
    fade_in_s: str = "0"
    fade_out_s: str = "0"
    at_end: str = "hold"
    volume: float = 0.0


def place(
    layer: AnyLayer, facts: PictureFacts | VideoFacts, *, canvas: Size, length: Fraction, pointer: str
) -> tuple[PlannedLayer | None, list[FieldError], list[str]]:
    """The layer placed (None when it is never seen), what is wrong with it, and warnings."""
    times, errors = _times(layer, length, pointer)
    size = _size(layer, facts)
    where, misplaced = _where(layer, canvas, size, pointer)
    errors += misplaced
    if errors:
        return None, errors, []
    end = min(times["end"], length, times["start"] + _own_length(layer, facts, length))
    warnings = [f"{_named(layer)} lies outside of the picture"] if _is_outside(where, size, canvas) else []
    volume = layer.volume if isinstance(layer, VideoLayer) else 0.0
    if volume and isinstance(facts, VideoFacts) and not facts.media.sound:
        warnings.append(f"{_named(layer)} has no sound that could be mixed in")
        volume = 0.0
    planned = PlannedLayer(
        facts=facts,
        x=where[0],
        y=where[1],
        width=size[0],
        height=size[1],
        start_s=str(times["start"]),
        end_s=str(end),
        opacity=layer.opacity,
        fade_in_s=str(Fraction(repr(layer.fade_in))),
        fade_out_s=str(Fraction(repr(layer.fade_out))),
        at_end=layer.at_end if isinstance(layer, VideoLayer) else "hold",
        volume=volume,
    )
    return planned, [], warnings


def faults(layer: AnyLayer, *, length: Fraction, pointer: str) -> list[FieldError]:
    """What is wrong with when and where it lies, as far as that can be said of a layer whose size is not known."""
    errors = _times(layer, length, pointer)[1]
    for name, coordinate in (("x", layer.x), ("y", layer.y)) if layer.position is None else ():
        try:
            read(coordinate, TEXT if isinstance(layer, TextLayer) else OVERLAY)
        except ValueError as error:
            errors.append(FieldError(f"{pointer}/{name}", str(error)))
    return errors


def _times(layer: AnyLayer, length: Fraction, pointer: str) -> tuple[dict[str, Fraction], list[FieldError]]:
    errors: list[FieldError] = []
    times: dict[str, Fraction] = {}
    for field, value in (("start", layer.start), ("end", layer.end)):
        try:
            times[field] = length if value is None else timecode.parse(value)
        except ValueError as error:
            errors.append(FieldError(f"{pointer}/{field}", str(error)))
    if "start" in times and times["start"] >= length:
        late = f"is not before the end of the video ({timecode.show(length)})"
        errors.append(FieldError(f"{pointer}/start", late))
    elif len(times) == 2 and times["end"] <= times["start"]:
        errors.append(FieldError(f"{pointer}/end", "is not after start"))
    return times, errors


def _own_length(layer: AnyLayer, facts: PictureFacts | VideoFacts, longest: Fraction) -> Fraction:
    """How long the layer has something to show."""
    if not isinstance(layer, VideoLayer) or layer.at_end != "stop" or not isinstance(facts, VideoFacts):
        return longest
    duration_s = facts.media.picture.duration_s or facts.media.duration_s
    return longest if duration_s is None else Fraction(repr(duration_s))


def _where(layer: AnyLayer, canvas: Size, size: Size, pointer: str) -> tuple[Size, list[FieldError]]:
    """The top left corner, and what is wrong with how it was asked for."""
    if layer.position is not None:
        try:
            return anchored(layer.position).position(canvas, size), []
        except ValueError as error:
            return (0, 0), [FieldError(f"{pointer}/position", str(error))]
    vocabulary = TEXT if isinstance(layer, TextLayer) else OVERLAY
    errors, corner = [], [0, 0]
    for axis, (name, coordinate) in enumerate((("x", layer.x), ("y", layer.y))):
        try:
            corner[axis] = position(coordinate, coordinate, vocabulary, picture=canvas, overlay=size)[axis]
        except ValueError as error:
            errors.append(FieldError(f"{pointer}/{name}", str(error)))
    return (corner[0], corner[1]), errors


def _named(layer: AnyLayer) -> str:
    """The layer in words for its client."""
    if isinstance(layer, TextLayer):
        short = layer.text if len(layer.text) <= MOST_NAMED else f"{layer.text[:MOST_NAMED]}…"
        return f'the text "{short}"'
    if isinstance(layer, VideoLayer):
        return f"the video {layer.video_path}"
    return f"the picture {layer.image_path}"


def _is_outside(where: tuple[int, int], size: Size, canvas: Size) -> bool:
    return any(corner >= side or corner + length <= 0 for corner, side, length in zip(where, canvas, size, strict=True))


def _size(layer: AnyLayer, facts: PictureFacts | VideoFacts) -> Size:
    """As shown: a picture keeps its aspect where only one side is given."""
    if isinstance(facts, VideoFacts):
        scale = Fraction(repr(layer.scale)) if isinstance(layer, VideoLayer) else Fraction(1)
        return _limited(scaled(facts.media.picture.display_size, scale))
    own = (facts.width, facts.height)
    if not isinstance(layer, Picture):
        return own
    if layer.scale is not None:
        return _limited(scaled(own, Fraction(repr(layer.scale)), step=1))
    if layer.width and layer.height:
        return layer.width, layer.height
    if layer.width:
        return _limited(scaled(own, Fraction(layer.width, own[0]), step=1))
    if layer.height:
        return _limited(scaled(own, Fraction(layer.height, own[1]), step=1))
    return own


def _limited(size: Size) -> Size:
    return min(size[0], WIDEST), min(size[1], WIDEST)
