"""Tracks of subtitles: cues that are kept beside the picture, in a language and under a name, for players to show."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal, NamedTuple, Self

import msgspec

from reelwright.edits.cues import time_line
from reelwright.edits.cues.cue import Cue, CueRun

MAX_TRACKS = 20
MAX_CUES = 10_000
"""Of all tracks of an edit."""
MAX_CHARACTERS = 2**20
"""Of all tracks of an edit, without their looks."""
MAX_RUNS = 40_000
"""Of all tracks of an edit that videos bring along: how often the looks of their letters may change."""
MAX_TOGETHER = 10
"""Cues of a track that are shown at the same time: MP4's samples, each of which is all of them, are small."""
MAX_LABEL_CHARACTERS = 100

TextKind = Literal["subtitles", "chapters"]
TEXT_KINDS: tuple[TextKind, ...] = ("subtitles", "chapters")


class SubtitleTrack(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`language`: a tag of BCP 47; `label`: what players call it; `default`: whether they show it unasked; `forced`:
    whether they show it to those who want no subtitles, for it translates what others would miss."""

    language: str
    label: str
    default: bool = False
    forced: bool = False
    kind: TextKind = "subtitles"
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


class Amount(NamedTuple):
    """How much tracks of an edit say, together."""

    tracks: int
    cues: int
    characters: int
    runs: int

    @classmethod
    def of(cls, tracks: Iterable[SubtitleTrack]) -> Self:
        said = [(len(one.cues), one.characters, sum(len(cue.runs) for cue in one.cues)) for one in tracks]
        return cls(len(said), *(sum(one[number] for one in said) for number in range(3)))

    def plus(self, other: Amount, *, in_one: bool) -> Amount:
        """`in_one`: the tracks of the other are no more tracks."""
        tracks = self.tracks if in_one else self.tracks + other.tracks
        return Amount(tracks, self.cues + other.cues, self.characters + other.characters, self.runs + other.runs)

    @property
    def excess(self) -> str | None:
        """Why that is more than an edit may have, as the end of a sentence."""
        if self.tracks > MAX_TRACKS:
            return f"{MAX_TRACKS} tracks are kept"
        if self.cues > MAX_CUES:
            return f"all tracks have at most {MAX_CUES} cues together"
        if self.characters > MAX_CHARACTERS:
            return f"all tracks have at most {MAX_CHARACTERS} characters together"
        if self.runs > MAX_RUNS:
            return f"the looks of all tracks change at most {MAX_RUNS} times together"
        return None


def track_file_name(number: int) -> str:
    """Of a track of subtitles beside a result, by its number, from one on."""
    return f"subtitles-{number}.vtt"


def of_kind(kind: TextKind, tracks: Iterable[SubtitleTrack]) -> tuple[SubtitleTrack, ...]:
    """Those of the tracks."""
    return tuple(track for track in tracks if track.kind == kind)


def free_label(name: str, others: Iterable[SubtitleTrack]) -> str:
    """The name, with a number where another track has it."""
    taken = {other.label for other in others}
    return next(one for one in (name, *(f"{name} {number}" for number in range(2, len(taken) + 3))) if one not in taken)


def few_together(cues: Iterable[Cue]) -> tuple[tuple[Cue, ...], int]:
    """Of cues in the order in which they begin, no more than may be shown at the same time; and how many are left
    out."""
    kept: list[Cue] = []
    shown: list[Fraction] = []
    lost = 0
    for cue in cues:
        while shown and shown[0] <= cue.start:
            heapq.heappop(shown)
        if len(shown) == MAX_TOGETHER:
            lost += 1
            continue
        heapq.heappush(shown, cue.end)
        kept.append(cue)
    return tuple(kept), lost


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
