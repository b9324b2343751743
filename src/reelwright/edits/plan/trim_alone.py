"""A trim by itself resolved: an interval of time -> the frames of the source that lie in it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from msgspec import UNSET

from reelwright.edits import ladder
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.edit import Edit
from reelwright.edits.facts import Facts
from reelwright.edits.geometry import even
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.plan import kept_subtitles
from reelwright.edits.plan.expected_outputs import counted, expect, heard
from reelwright.edits.plan.structs import SINGLE, SINGLE_SUBTITLED, Plan, form_with
from reelwright.edits.pointers import Pointer, pointer_to
from reelwright.edits.steps.trim import TrimStep, kept


def resolve_trim(
    edit: Edit,
    step: TrimStep,
    facts: Facts,
    length: Fraction | None,
    warnings: list[str],
    pointers: Sequence[Pointer],
    texts: Sequence[SubtitleTrack] = (),
) -> Plan:
    """`texts`: as for `resolve`. Raises InvalidInput that names every wrong field."""
    planned, frames = kept(step, facts.media, length, warnings, pointer=pointer_to(pointers, 0, "/steps"))
    interval = Fraction(planned.start_s), Fraction(planned.end_s)
    own, shown = even(facts.media.main_video.upright_size), facts.media.main_video.display_size
    outputs = tuple(
        expect(
            output,
            facts.media,
            own if output.quality is Quality.SOURCE else ladder.fitted(shown, output.quality),
            interval,
            counted(frames, output),
            heard(output, facts.media),
        )
        for output in edit.outputs
    )
    tracks, untold = kept_subtitles.kept(edit, kept_subtitles.between(texts, [interval]))
    return Plan(
        version=form_with(tracks, SINGLE_SUBTITLED, SINGLE),
        inputs=(facts,),
        steps=(planned,),
        outputs=outputs,
        subtitles=tracks or UNSET,
        warnings=(*warnings, *untold),
    )
