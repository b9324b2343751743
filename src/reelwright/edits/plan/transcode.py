"""A transcode resolved: the whole video, once for each rendition, without any step."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.edit import Edit
from reelwright.edits.facts import Facts
from reelwright.edits.plan import kept_subtitles
from reelwright.edits.plan.outputs import resolve_outputs
from reelwright.edits.plan.structs import SINGLE, SINGLE_SUBTITLED, Plan, form_with
from reelwright.edits.pointers import Pointer


def resolve_transcode(
    edit: Edit,
    facts: Facts,
    length: Fraction,
    warnings: list[str],
    pointers: Sequence[Pointer],
    texts: Sequence[SubtitleTrack] = (),
) -> Plan:
    """`texts`: as for `resolve`. Raises InvalidInput that names every wrong field."""
    tracks, untold = kept_subtitles.kept(edit, kept_subtitles.between(texts, [(Fraction(0), length)]))
    resolved = resolve_outputs(edit, facts.media, length, [*warnings, *untold], pointers, tracks)
    return resolved.of((facts,), (), form_with(tracks, SINGLE_SUBTITLED, SINGLE))
