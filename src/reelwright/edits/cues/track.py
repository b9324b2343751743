"""Tracks of subtitles: cues that are kept beside the picture, in a language and under a name, for players to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec

from reelwright.edits.cues import time_line
from reelwright.edits.cues.cue import Cue, CueRun
from reelwright.edits.cues.time_line import Piece

MAX_TRACKS = 20
MAX_CUES = 10_000
"""Of all tracks of an edit."""
MAX_CHARACTERS = 2**20
"""Of all tracks of an edit, without their looks."""
MAX_TOGETHER = 10
"""Cues of a track that are shown at the same time: MP4's samples, each of which is all of them, are small."""
MAX_LABEL_CHARACTERS = 100


class SubtitleTrack(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`language`: a tag of BCP 47; `label`: what players call it; `default`: whether they show it unasked; `forced`:
    whether they show it to those who want no subtitles, for it translates what others would miss."""

    language: str
    label: str
    default: bool = False
    forced: bool = False
    kind: Literal["subtitles", "chapters"] = "subtitles"
    """Of chapters, cues are what they are called: players list them."""
    cues: tuple[Cue, ...]

    @property
    def characters(self) -> int:
        return sum(len(run.text) for cue in self.cues for run in cue.runs)

    def told(self, name: str) -> ToldTrack:
        """What is told of it; `name`: of its file."""
        return ToldTrack(
            name=name,
            language=self.language,
            label=self.label,
            default=self.default,
            forced=self.forced,
            cues=len(self.cues),
        )


class ToldTrack(msgspec.Struct, frozen=True, kw_only=True):
    """A track without what it says, as it is stored with a result: `cues` are counted."""

    name: str
    language: str
    label: str
    default: bool
    forced: bool
    cues: int


class JoinedTrack(NamedTuple):
    """A track, and how many moves of the time line were made before it joined."""

    track: SubtitleTrack
    since: int


def arrived(
    joined: Sequence[JoinedTrack], moves: Sequence[Sequence[Piece]], length: Fraction
) -> tuple[SubtitleTrack, ...]:
    """The tracks where all moves have led, in a video of that length; their cues, which may be none, begin and end at
    whole milliseconds, as files name them."""
    way: tuple[Piece, ...] = (Piece(Fraction(0), length, Fraction(0)),)
    ways = {len(moves): way}
    for number in reversed(range(len(moves))):
        ways[number] = way = time_line.through(moves[number], way)
    return tuple(
        msgspec.structs.replace(track, cues=_in_milliseconds(time_line.moved(track.cues, ways[since])))
        for track, since in joined
    )


def _in_milliseconds(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    found = []
    for cue in cues:
        start, end = round(cue.start * 1000), round(cue.end * 1000)
        if start < end:
            times = {"start_s": str(Fraction(start, 1000)), "end_s": str(Fraction(end, 1000))}
            found.append(msgspec.structs.replace(cue, **times))
    return tuple(found)


def of_kind(kind: Literal["subtitles", "chapters"], tracks: Iterable[SubtitleTrack]) -> tuple[SubtitleTrack, ...]:
    """Those of the tracks."""
    return tuple(track for track in tracks if track.kind == kind)


def free_label(name: str, others: Iterable[SubtitleTrack]) -> str:
    """The name, with a number where another track has it."""
    taken = {other.label for other in others}
    return next(one for one in (name, *(f"{name} {number}" for number in range(2, len(taken) + 3))) if one not in taken)


def most_together(cues: Iterable[Cue]) -> int:
    """How many cues are on the screen at the same time, at most."""
    changes = sorted(change for cue in cues for change in ((cue.start, 1), (cue.end, -1)))
    shown = most = 0
    for _, more in changes:
        shown += more
        most = max(most, shown)
    return most


def one_after_another(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """The same for files that can show one text at a time: those that are on the screen together are one."""
    screens = time_line.states(cues)
    found = []
    for screen, following in pairwise(screens):
        if screen.shown:
            runs: list[CueRun] = []
            for number in screen.shown:
                runs += [CueRun("\n")] if runs else []
                runs += cues[number].runs
            found.append(Cue(str(screen.start), str(following.start), tuple(runs)))
    return tuple(found)
