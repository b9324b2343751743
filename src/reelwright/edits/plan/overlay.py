"""An overlay resolved: where, how large and when each layer lies over the video, from measured sizes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from reelwright.edits import held_frames, ladder, timecode
from reelwright.edits.edit import Edit, OverlayStep
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.geometry import Size, even, scaled
from reelwright.edits.layers import AnyLayer, Picture, TextLayer, VideoLayer
from reelwright.edits.placement import OVERLAY, TEXT, anchored, position, read
from reelwright.edits.plan.expect import counted, expect, heard
from reelwright.edits.plan.structs import Facts, ImageFacts, Plan, PlannedLayer, PlannedOverlay, VideoFacts
from reelwright.edits.pointers import Pointer, pointer_to
from reelwright.errors import FieldError, InvalidInput

MAX_LAYER_SIDE_PX = 8192
"""Pixels of a layer's side, at most."""

MAX_NAMED = 40
"""Characters of a text by which a warning names it."""


def resolve_overlay(
    edit: Edit,
    step: OverlayStep,
    facts: Facts,
    length: Fraction | None,
    warnings: list[str],
    pointers: Sequence[Pointer],
) -> Plan:
    """Raises InvalidInput that names every wrong field of every layer."""
    if length is None:
        raise InvalidInput([FieldError("/video_id", "how long the video is, is not known")])
    if not step.layers:
        raise InvalidInput([FieldError("/steps/0/layers", "there is nothing to lay over the video")])
    canvas = even(facts.media.main_video.display_size)
    layers: list[PlannedLayer] = []
    errors: list[FieldError] = []
    for number, (layer, drawn) in enumerate(zip(step.layers, facts.layers, strict=True)):
        pointer = pointer_to(pointers, number, "/steps/0/layers")
        planned, wrong, said = place(layer, drawn, canvas=canvas, length=length, pointer=pointer)
        errors += wrong
        warnings += said
        if planned is not None:
            layers.append(planned)
    if errors:
        raise InvalidInput(errors)
    grid = frame_grid(facts.media)
    count = grid.count if grid and not held_frames.is_held(grid.frame_s) else None  # more come where layers change
    more = any(layer.volume for layer in layers) and not facts.media.decodable_audio  # the layers' sound needs a track
    outputs = tuple(
        expect(
            output,
            facts.media,
            ladder.fitted(facts.media.main_video.display_size, output.quality),
            (Fraction(0), length),
            counted(count, output),
            heard(output, facts.media, more=more),
        )
        for output in edit.outputs
    )
    overlaid = PlannedOverlay(width=canvas[0], height=canvas[1], layers=tuple(layers))
    videos = {
        layer.sha256: Facts(sha256=layer.sha256, media=layer.media)
        for layer in facts.layers
        if isinstance(layer, VideoFacts)
    }
    videos.pop(facts.sha256, None)
    bare = msgspec.structs.replace(facts, layers=())
    return Plan(inputs=(bare, *videos.values()), steps=(overlaid,), outputs=outputs, warnings=tuple(warnings))


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
