"""Tracks on their way through an edit: moved with the time line, going on in those of videos that are joined. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple, Self

import msgspec

from reelwright.edits.cues import time_line
from reelwright.edits.cues.cue import Cue
from reelwright.edits.cues.time_line import Piece
from reelwright.edits.cues.track import (
    TEXT_KINDS,
    Amount,
    SubtitleTrack,
    TextKind,
    free_label,
    of_kind,
)

MAX_NAMED = 3
"""Tracks that a sentence names."""


class JoinedTrack(NamedTuple):
    """A track, and for each of its cues how many moves of the time line were made before that joined: they rise."""

    track: SubtitleTrack
    since: tuple[int, ...]

    @classmethod
    def at(cls, track: SubtitleTrack, since: int) -> Self:
        """All of it joined there."""
        return cls(track, (since,) * len(track.cues))

    def going_on(self, cues: tuple[Cue, ...], since: int) -> JoinedTrack:
        """The same with more cues, which joined later."""
        track = msgspec.structs.replace(self.track, cues=self.track.cues + cues)
        return JoinedTrack(track, self.since + (since,) * len(cues))

    def moved(self, ways: Mapping[int, Sequence[Piece]]) -> tuple[Cue, ...]:
        """Its cues in order; `ways`: where from each number of moves on they lead."""
        parts = groupby(zip(self.track.cues, self.since, strict=True), key=lambda one: one[1])
        moved = [time_line.moved([cue for cue, _ in part], ways[since]) for since, part in parts]
        return tuple(heapq.merge(*moved, key=lambda cue: cue.start))


def within(tracks: Iterable[SubtitleTrack], piece: Piece) -> tuple[SubtitleTrack, ...]:
    """The tracks where a piece of their time line lies on another one; some of them without cues perhaps."""
    return tuple(msgspec.structs.replace(track, cues=time_line.moved(track.cues, [piece])) for track in tracks)


class Brought(NamedTuple):
    """What a video that is joined brings along: its tracks, and the piece of their time line that it is."""

    tracks: tuple[SubtitleTrack, ...]
    piece: Piece


def continued(
    joined: Sequence[JoinedTrack], brought: Brought, since: int
) -> tuple[tuple[JoinedTrack, ...], str | None]:
    """The tracks with what a video brings along, `since` so many moves; and a sentence about what would be too much,
    which is left out. One of a language and kind goes on in one of the same, by the same name if there is one; else it
    is a track of its own, the default where there is no other."""
    found, lost = list(joined), list[tuple[SubtitleTrack, str]]()
    free = list(range(len(found)))
    names = set(map(_name, brought.tracks))
    amounts = {kind: Amount.of(of_kind(kind, (one.track for one in found))) for kind in TEXT_KINDS}
    for whole in brought.tracks:
        track = msgspec.structs.replace(whole, cues=time_line.touching(whole.cues, brought.piece))
        number = next((number for number in free if _name(found[number].track) == _name(track)), None)
        if number is None:
            others = [(number, found[number].track) for number in free]
            alike = [number for number, one in others if _kind(one) == _kind(track) and _name(one) not in names]
            number = alike[0] if alike else None
        amount = amounts[track.kind].plus(Amount.of([track]), in_one=number is not None)
        if track.cues and amount.excess is not None:
            lost.append((track, amount.excess))
            continue
        (track,) = within([track], brought.piece)
        if not track.cues:
            continue
        amounts[track.kind] = amount
        if number is not None:
            free.remove(number)
            found[number] = found[number].going_on(track.cues, since)
        else:
            beside = of_kind(track.kind, (one.track for one in found))
            is_default = track.default and not any(other.default for other in beside)
            label = free_label(track.label, beside) if track.label else ""
            found.append(JoinedTrack.at(msgspec.structs.replace(track, label=label, default=is_default), since))
    return tuple(found), _left_out(lost)


def _kind(track: SubtitleTrack) -> tuple[TextKind, str, bool]:
    return track.kind, track.language, track.forced


def _name(track: SubtitleTrack) -> tuple[TextKind, str, bool, str]:
    return (*_kind(track), track.label)


def _left_out(lost: Sequence[tuple[SubtitleTrack, str]]) -> str | None:
    if not lost:
        return None
    named = [track.label if track.kind == "subtitles" else "its chapters" for track, _ in lost]
    more = f" and {len(named) - MAX_NAMED} more" if len(named) > MAX_NAMED else ""
    return f"left out: {', '.join(named[:MAX_NAMED])}{more}: {lost[0][1]}"


def arrived(
    joined: Sequence[JoinedTrack], moves: Sequence[Sequence[Piece]], length: Fraction
) -> tuple[SubtitleTrack, ...]:
    """The tracks where all moves have led, in a video of that length; their cues, which may be none, begin and end at
    whole milliseconds, as files name them."""
    way: tuple[Piece, ...] = (Piece(Fraction(0), length, Fraction(0)),)
    ways = {len(moves): way}
    for number in reversed(range(len(moves))):
        ways[number] = way = time_line.through(moves[number], way)
    return tuple(msgspec.structs.replace(one.track, cues=_in_milliseconds(one.moved(ways))) for one in joined)


def _in_milliseconds(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    found = []
    for cue in cues:
        start, end = round(cue.start * 1000), round(cue.end * 1000)
        if start < end:
            times = {"start_s": str(Fraction(start, 1000)), "end_s": str(Fraction(end, 1000))}
            found.append(msgspec.structs.replace(cue, **times))
    return tuple(found)
