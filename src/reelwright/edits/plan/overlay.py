"""An overlay resolved: where, how large and when each layer lies over the video, from measured sizes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from reelwright.edits import held_frames, ladder
from reelwright.edits.edit import Edit
from reelwright.edits.facts import Facts, SoundFacts, SubtitlesFacts, VideoFacts
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.geometry import even
from reelwright.edits.plan.expect import counted, expect, heard
from reelwright.edits.plan.structs import Plan
from reelwright.edits.pointers import Pointer, pointer_to
from reelwright.edits.steps.overlay import OverlayStep, PlannedLayer, PlannedOverlay, place
from reelwright.errors import FieldError, InvalidInput


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
        assert not isinstance(drawn, SoundFacts | SubtitlesFacts)
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
