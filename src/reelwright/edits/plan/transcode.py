"""A transcode resolved: the whole video, once for each rendition, with what is made beside them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from reelwright.edits import ladder, streaming
from reelwright.edits.edit import Edit
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.plan.expect import begun_at_once, counted, expect, heard
from reelwright.edits.plan.structs import Facts, Plan
from reelwright.edits.pointers import Pointer, pointer_to
from reelwright.edits.sidecars import planned
from reelwright.edits.stream_copy import why_not_copyable
from reelwright.errors import FieldError, InvalidInput


def resolve_transcode(
    edit: Edit, facts: Facts, length: Fraction | None, warnings: list[str], pointers: Sequence[Pointer]
) -> Plan:
    """Raises InvalidInput that names every wrong field."""
    if length is None:
        raise InvalidInput([FieldError("/video_id", "how long the video is, is not known")])
    picture = facts.media.main_video
    shown = picture.display_size
    grid = frame_grid(facts.media)
    outputs, hindrances = [], []
    for output in edit.outputs:
        size = ladder.fitted(shown, output.quality)
        if ladder.is_upscaled(shown, output.quality):
            warnings.append(f"{output.quality} is larger than the video ({shown[0]}x{shown[1]}): it is upscaled")
        missing = why_not_copyable(output, size, facts.media)
        copied = output.video.copy_conforming and missing is None
        hindrances += [missing] if output.video.copy_conforming and missing is not None else []
        frames = picture.frame_count if copied else counted(grid.count if grid else None, output)
        tracks = heard(output, facts.media)
        expected = expect(output, facts.media, size, (Fraction(0), length), frames, tracks)
        expected = msgspec.structs.replace(expected, copied=copied)
        outputs.append(begun_at_once(expected) if edit.streaming is not None else expected)
    if len(hindrances) == len(outputs):
        warnings.append(f"no rendition could be copied: {'; '.join(dict.fromkeys(hindrances))}")
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
        streamed = streaming.planned(edit.streaming, renditions=len(outputs), audio_tracks=tracks)
    return Plan(
        inputs=(facts,),
        steps=(),
        outputs=tuple(outputs),
        sidecars=tuple(sidecars),
        streaming=streamed,
        warnings=tuple(warnings),
    )
