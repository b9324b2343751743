"""The step `overlay`: where, how large and when each layer lies over the video, from measured sizes. Pure."""

from __future__ import annotations

from fractions import Fraction

import msgspec
from msgspec import UNSET, UnsetType

from reelwright.edits import timecode
from reelwright.edits.audio_tracks import silent_track
from reelwright.edits.facts import AnyFacts, ImageFacts, VideoFacts
from reelwright.edits.geometry import Size, scaled
from reelwright.edits.layers import AnyLayer, Picture, TextLayer, VideoLayer
from reelwright.edits.materials import Material
from reelwright.edits.placement import OVERLAY, TEXT, anchored, position, read
from reelwright.edits.pointers import Pointer, pointer_to
from reelwright.edits.steps.base import BasePlannedStep, BaseStep, Planning
from reelwright.edits.steps.state import VideoState
from reelwright.errors import FieldError, InvalidInput

MAX_LAYER_SIDE_PX = 8192
"""Pixels of a layer's side, at most."""

MAX_NAMED = 40
"""Characters of a text by which a warning names it."""


class OverlayStep(BaseStep, frozen=True, kw_only=True, tag="overlay"):
    """Lay these over the picture, all in one encode; the sound stays as it is."""

    layers: tuple[AnyLayer, ...]

    @property
    def materials(self) -> tuple[Material, ...]:
        return tuple(Material(f"layers/{number}", layer) for number, layer in enumerate(self.layers))

    @property
    def draws(self) -> bool:
        return True

    def planned(self, state: VideoState, planning: Planning) -> PlannedOverlay:
        """Raises InvalidInput that names every wrong field of every layer."""
        if not self.layers:
            raise InvalidInput([FieldError(planning.pointer / "layers", "there is nothing to lay over the video")])
        layers: list[PlannedLayer] = []
        errors: list[FieldError] = []
        for number, layer in enumerate(self.layers):
            pointer = pointer_to(planning.layers, number, planning.pointer / "layers")
            known = next(planning.materials)
            assert isinstance(known, ImageFacts | VideoFacts)
            planned, wrong, said = place(layer, known, canvas=state.canvas, length=state.length, pointer=pointer)
            errors += wrong
            planning.warnings += said
            layers += [planned] if planned is not None else []
        if errors:
            raise InvalidInput(errors)
        stays_hdr: bool | UnsetType = True if state.video.is_hdr else UNSET
        width, height = state.canvas
        return PlannedOverlay(width=width, height=height, layers=tuple(layers), stays_hdr=stays_hdr)


class PlannedLayer(msgspec.Struct, frozen=True, kw_only=True):
    """`facts` shown `width` x `height` with its top left corner at (`x`, `y`) while start <= t < end."""

    facts: ImageFacts | VideoFacts
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


class PlannedOverlay(BasePlannedStep, frozen=True, kw_only=True, tag="overlay"):
    """Layers, from below to above, in pixels of a canvas with square pixels."""

    width: int
    height: int
    layers: tuple[PlannedLayer, ...]
    stays_hdr: bool | UnsetType = UNSET
    """Whether the picture below is HDR, and stays so."""

    @property
    def sources(self) -> tuple[AnyFacts, ...]:
        return tuple(layer.facts for layer in self.layers)

    def touched(self, state: VideoState) -> list[tuple[Fraction, Fraction]]:
        """A window for each layer."""
        return [(Fraction(layer.start_s), Fraction(layer.end_s)) for layer in self.layers]

    @property
    def changes_sound(self) -> bool:
        return any(layer.volume for layer in self.layers)

    def after(self, state: VideoState) -> VideoState:
        """The same, with a track where there was none and layers are heard."""
        if state.media.audio or not self.changes_sound:
            return state
        return state.with_sound([silent_track(state.length)])


def place(
    layer: AnyLayer, facts: ImageFacts | VideoFacts, *, canvas: Size, length: Fraction, pointer: Pointer
) -> tuple[PlannedLayer | None, list[FieldError], list[str]]:
    """The layer placed (None when it is never seen), what is wrong with it, and warnings."""
    times, errors = _times(layer, length, pointer)
    size, field = _size(layer, facts)
    if max(size) > MAX_LAYER_SIDE_PX:
        shown = f"{size[0]}x{size[1]}"
        errors.append(
            FieldError(pointer / field, f"would make it {shown} pixels: {MAX_LAYER_SIDE_PX} a side are the most")
        )
    where, misplaced = _where(layer, canvas, size, pointer)
    errors += misplaced
    if errors:
        return None, errors, []
    end = min(times["end"], length, times["start"] + _own_length(layer, facts, length))
    cut = _cut_off(where, size, canvas)
    warnings = [pointer.remark(f"{_named(layer)} {cut}")] if cut else []
    volume = layer.volume if isinstance(layer, VideoLayer) else 0.0
    if volume and isinstance(facts, VideoFacts) and not facts.media.decodable_audio:
        warnings.append(pointer.remark(f"{_named(layer)} has no sound that could be mixed in"))
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


def faults(layer: AnyLayer, *, length: Fraction, pointer: Pointer) -> list[FieldError]:
    """What is wrong with when and where it lies, as far as that can be said of a layer whose size is not known."""
    errors = _times(layer, length, pointer)[1]
    for name, coordinate in (("x", layer.x), ("y", layer.y)) if layer.position is None else ():
        try:
            read(coordinate, TEXT if isinstance(layer, TextLayer) else OVERLAY)
        except ValueError as error:
            errors.append(FieldError(pointer / name, str(error)))
    return errors


def _times(layer: AnyLayer, length: Fraction, pointer: Pointer) -> tuple[dict[str, Fraction], list[FieldError]]:
    errors: list[FieldError] = []
    times: dict[str, Fraction] = {}
    for field, value in (("start", layer.start), ("end", layer.end)):
        try:
            times[field] = length if value is None else timecode.parse(value)
        except ValueError as error:
            errors.append(FieldError(pointer / field, str(error)))
    if "start" in times and times["start"] >= length:
        late = f"is not before the end of the video ({timecode.show(length)})"
        errors.append(FieldError(pointer / "start", late))
    elif len(times) == 2 and times["end"] <= times["start"]:
        errors.append(FieldError(pointer / "end", "is not after start"))
    return times, errors


def _own_length(layer: AnyLayer, facts: ImageFacts | VideoFacts, longest: Fraction) -> Fraction:
    """How long the layer has something to show."""
    if not isinstance(layer, VideoLayer) or layer.at_end != "stop" or not isinstance(facts, VideoFacts):
        return longest
    duration_s = facts.media.main_video.duration_s or facts.media.duration_s
    return longest if duration_s is None else Fraction(repr(duration_s))


def _where(layer: AnyLayer, canvas: Size, size: Size, pointer: Pointer) -> tuple[Size, list[FieldError]]:
    """The top left corner, and what is wrong with how it was asked for."""
    if layer.position is not None:
        try:
            return anchored(layer.position).position(canvas, size), []
        except ValueError as error:
            return (0, 0), [FieldError(pointer / "position", str(error))]
    vocabulary = TEXT if isinstance(layer, TextLayer) else OVERLAY
    errors, corner = [], [0, 0]
    for axis, (name, coordinate) in enumerate((("x", layer.x), ("y", layer.y))):
        try:
            corner[axis] = position(coordinate, coordinate, vocabulary, picture=canvas, overlay=size)[axis]
        except ValueError as error:
            errors.append(FieldError(pointer / name, str(error)))
    return (corner[0], corner[1]), errors


def _named(layer: AnyLayer) -> str:
    """The layer in words for its client."""
    if isinstance(layer, TextLayer):
        short = layer.text if len(layer.text) <= MAX_NAMED else f"{layer.text[:MAX_NAMED]}…"
        return f'the text "{short}"'
    if isinstance(layer, VideoLayer):
        return f"the video {layer.video_path}"
    return f"the picture {layer.image_path}"


def _cut_off(where: tuple[int, int], size: Size, canvas: Size) -> str:
    """What of a layer is not seen, in words; nothing where all is."""
    (x, y), (width, height) = where, size
    over = {"left": -x, "right": x + width - canvas[0], "top": -y, "bottom": y + height - canvas[1]}
    if max(over["left"], over["right"]) >= width or max(over["top"], over["bottom"]) >= height:
        return f"lies outside of the picture, which is {canvas[0]}x{canvas[1]}: it is not seen"
    sides = [f"{pixels} pixels at the {side}" for side, pixels in over.items() if pixels > 0]
    return f"is {width}x{height} and runs out of the picture: {' and '.join(sides)} are cut off" if sides else ""


def _size(layer: AnyLayer, facts: ImageFacts | VideoFacts) -> tuple[Size, str]:
    """As shown, and the field that says so: a picture keeps its aspect where only one side is given."""
    if isinstance(facts, VideoFacts):
        scale = Fraction(repr(layer.scale)) if isinstance(layer, VideoLayer) else Fraction(1)
        return scaled(facts.media.main_video.display_size, scale), "scale"
    own = (facts.width, facts.height)
    if not isinstance(layer, Picture):
        return own, ""
    if layer.scale is not None:
        return scaled(own, Fraction(repr(layer.scale)), step=1), "scale"
    if layer.width and layer.height:
        return (layer.width, layer.height), "width"
    if layer.width:
        return scaled(own, Fraction(layer.width, own[0]), step=1), "width"
    if layer.height:
        return scaled(own, Fraction(layer.height, own[1]), step=1), "height"
    return own, "image_path"
