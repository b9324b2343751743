"""All outputs of a plan resolved, of whatever the steps made: files, streams, images and tracks beside them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from reelwright.edits import ladder, streaming
from reelwright.edits.cues.track import SubtitleTrack, of_kind
from reelwright.edits.edit import Edit
from reelwright.edits.facts import Facts
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.output_rules import NO_SOUND
from reelwright.edits.plan.expected_outputs import begun_at_once, counted, expect, expect_sound, heard
from reelwright.edits.plan.structs import SINGLE, ExpectedOutput, Plan
from reelwright.edits.pointers import Pointer, pointer_to
from reelwright.edits.sidecars import PlannedSidecar, planned
from reelwright.edits.steps import PlannedStep
from reelwright.edits.stream_copy import why_none, why_not_copyable
from reelwright.edits.streaming import PlannedStreaming
from reelwright.errors import FieldError, InvalidInput


class Resolved(NamedTuple):
    """What is made of the video that the steps made."""

    outputs: tuple[ExpectedOutput, ...]
    sidecars: tuple[PlannedSidecar, ...]
    streaming: PlannedStreaming | None
    subtitles: tuple[SubtitleTrack, ...] | UnsetType
    warnings: tuple[str, ...]

    def of(self, inputs: tuple[Facts, ...], steps: tuple[PlannedStep, ...], version: int = SINGLE) -> Plan:
        return Plan(inputs=inputs, steps=steps, version=version, **self._asdict())


def resolve_outputs(
    edit: Edit,
    media: MediaInfo,
    length: Fraction,
    warnings: list[str],
    pointers: Sequence[Pointer],
    subtitles: tuple[SubtitleTrack, ...] = (),
) -> Resolved:
    """All outputs of a video that lasts so long, and what goes beside them, tracks of text among it. `pointers`:
    where the request has each sidecar. Raises InvalidInput that names every wrong field."""
    shown = media.main_video.display_size
    grid = frame_grid(media)
    outputs, hindrances = [], []
    for number, output in enumerate(edit.outputs):
        if output.video is None:
            if not media.decodable_audio:
                raise InvalidInput([FieldError(f"/outputs/{number}", NO_SOUND)])
            outputs.append(expect_sound(output, length))
            continue
        size = ladder.fitted(shown, output.quality)
        warnings += ladder.upscaling(shown, output.quality)
        missing = why_not_copyable(output, size, media)
        copied = output.video.copy_conforming and missing is None
        hindrances += [missing] if output.video.copy_conforming and missing is not None else []
        frames = media.main_video.frame_count if copied else counted(grid.count if grid else None, output)
        tracks = heard(output, media)
        expected = expect(output, media, size, (Fraction(0), length), frames, tracks)
        expected = msgspec.structs.replace(expected, copied=copied)
        outputs.append(begun_at_once(expected) if output.is_streamed else expected)
    warnings += why_none(hindrances, len(outputs))
    sidecars, errors = [], []
    for number, request in enumerate(edit.sidecars):
        found, wrong = planned(
            request, frame_size=shown, length=length, pointer=pointer_to(pointers, number, "/companions")
        )
        sidecars += [found] if found is not None else []
        errors += wrong
    if errors:
        raise InvalidInput(errors)
    streamed = None
    if edit.streaming is not None:
        tracks = outputs[0].audio_tracks
        renditions = sum(output.is_streamed for output in edit.outputs)
        streamed = streaming.planned(
            edit.streaming, renditions=renditions, audio_tracks=tracks, subtitles=len(of_kind("subtitles", subtitles))
        )
    return Resolved(tuple(outputs), tuple(sidecars), streamed, subtitles or UNSET, tuple(warnings))
