"""An overlay by itself resolved: its layers placed, over the source as it is."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec
from msgspec import UNSET

from reelwright.edits import held_frames, ladder
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.edit import Edit
from reelwright.edits.facts import Facts, VideoFacts
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.hdr import stays
from reelwright.edits.plan import kept_subtitles
from reelwright.edits.plan.expected_outputs import counted, expect, heard
from reelwright.edits.plan.structs import SINGLE, SINGLE_SUBTITLED, Plan, form_with
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps.base import Planning
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.overlay import OverlayStep


def resolve_overlay(
    edit: Edit,
    step: OverlayStep,
    facts: Facts,
    length: Fraction,
    warnings: list[str],
    pointers: Sequence[Pointer],
    texts: Sequence[SubtitleTrack] = (),
) -> Plan:
    """`texts`: as for `resolve`. Raises InvalidInput that names every wrong field of every layer."""
    hdr = facts.media.main_video.is_hdr and stays(edit.steps, edit.outputs)
    whole = PlannedOpening(start_s="0", end_s=str(length), hdr=hdr).of(facts.media)
    overlaid = step.planned(whole, Planning(Pointer("/steps/0"), iter(facts.layers), warnings, layers=pointers))
    grid = frame_grid(facts.media)
    count = grid.count if grid and not held_frames.is_held(grid.frame_s) else None  # more come where layers change
    more = len(overlaid.after(whole).media.audio) > len(whole.media.audio)  # the layers' sound needs a track
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
    videos = {
        layer.sha256: Facts(sha256=layer.sha256, media=layer.media)
        for layer in facts.layers
        if isinstance(layer, VideoFacts)
    }
    videos.pop(facts.sha256, None)
    bare = msgspec.structs.replace(facts, layers=())
    tracks, untold = kept_subtitles.kept(edit, kept_subtitles.between(texts, [(Fraction(0), length)]))
    return Plan(
        version=form_with(tracks, SINGLE_SUBTITLED, SINGLE),
        inputs=(bare, *videos.values()),
        steps=(overlaid,),
        outputs=outputs,
        subtitles=tracks or UNSET,
        warnings=(*warnings, *untold),
    )
