"""Which tracks of subtitles a plan keeps, of those that steps bring in and those that the source brings along. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec
from msgspec import UNSET

from reelwright.edits.cues.joined_tracks import JoinedTrack, arrived
from reelwright.edits.cues.time_line import Piece
from reelwright.edits.cues.track import MAX_TOGETHER, SubtitleTrack, few_together, of_kind
from reelwright.edits.edit import Edit
from reelwright.edits.plan.structs import COMPOSED, SINGLE, SINGLE_SUBTITLED, Plan, form_with
from reelwright.edits.splice_structs import Splice
from reelwright.edits.steps.opening import PlannedOpening

NOT_BESIDE_IMAGES = "images alone have no subtitles beside them"


def kept(edit: Edit, tracks: Sequence[SubtitleTrack]) -> tuple[tuple[SubtitleTrack, ...], list[str]]:
    """The tracks that there is something to say of, and sentences about the others."""
    if not edit.outputs:
        return (), [NOT_BESIDE_IMAGES] if of_kind("subtitles", tracks) else []
    empty = [track.label for track in of_kind("subtitles", tracks) if not track.cues]
    said = [f"nothing is left of the subtitles {label}: their time was left out" for label in empty]
    tracks, crowded = _without_crowds(tracks)
    said += crowded
    if not any(output.holds_chapters for output in edit.outputs):
        if lost := sum(len(track.cues) for track in of_kind("chapters", tracks)):
            said.append(f"left out: {lost} chapter{'s' if lost > 1 else ''}, which streams and sound alone do not hold")
        tracks = of_kind("subtitles", tracks)
    return tuple(track for track in tracks if track.cues), said


def _without_crowds(tracks: Sequence[SubtitleTrack]) -> tuple[list[SubtitleTrack], list[str]]:
    """The same with no more cues at a time than files can hold: while one video goes over into the next, a track shows
    those of both. And sentences about the others."""
    found, said = list[SubtitleTrack](), list[str]()
    for track in tracks:
        cues, lost = few_together(track.cues) if track.kind == "subtitles" else (track.cues, 0)
        if lost:
            said.append(f"{lost} cues of {track.label} are left out: {MAX_TOGETHER} are shown at the same time")
        found.append(msgspec.structs.replace(track, cues=cues))
    return found, said


def between(texts: Sequence[SubtitleTrack], spans: Sequence[tuple[Fraction, Fraction]]) -> tuple[SubtitleTrack, ...]:
    """Tracks of the source where intervals of it follow one another; some of them without cues perhaps."""
    pieces, at = list[Piece](), Fraction(0)
    for start, end in spans:
        pieces.append(Piece(start, end, at))
        at += end - start
    return arrived([JoinedTrack.at(track, 0) for track in texts], [pieces], at)


def in_splice(plan: Plan, splice: Splice) -> Plan:
    """The plan of a splice, without tracks that its container does not hold."""
    if splice.container is UNSET or not plan.tracks:
        return msgspec.structs.replace(plan, version=form_with(plan.texts, SINGLE_SUBTITLED, plan.version))
    lost = f"subtitles are not kept in a copy in {splice.container.upper()}"
    left = of_kind("chapters", plan.texts)
    version = form_with(left, SINGLE_SUBTITLED, COMPOSED if isinstance(plan.steps[0], PlannedOpening) else SINGLE)
    return msgspec.structs.replace(plan, subtitles=left or UNSET, version=version, warnings=(*plan.warnings, lost))
