"""Cues in time: moved to another time line, cut off at its ends, and what is on the screen from when on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

import msgspec

from reelwright.edits.cues.cue import Cue


class Piece(NamedTuple):
    """An interval of a time line, `start` <= t < `end`, and where it begins on another one, on which it lasts `speed`
    times less."""

    start: Fraction
    end: Fraction
    begins: Fraction
    speed: Fraction = Fraction(1)


def moved(cues: Sequence[Cue], pieces: Iterable[Piece]) -> tuple[Cue, ...]:
    """The cues on a time line that is made of pieces of theirs: a trim is one, a cut two, a change of speed one that is
    quicker. What lies outside of all is gone; a cue that goes on over a seam of neighbours stays one."""
    spans = sorted((cue.start, cue.end, number) for number, cue in enumerate(cues))
    begins = [start for start, _, _ in spans]
    ended = list(accumulate((end for _, end, _ in spans), max))  # when all of the first ones have ended
    found: list[tuple[int, Fraction, Fraction]] = []
    for piece in pieces:
        for start, end, number in spans[bisect_right(ended, piece.start) : bisect_left(begins, piece.end)]:
            inside = max(start, piece.start), min(end, piece.end)
            if inside[0] < inside[1]:
                new = [piece.begins + (at - piece.start) / piece.speed for at in inside]
                found.append((number, new[0], new[1]))
    found.sort()
    joined: list[tuple[int, Fraction, Fraction]] = []
    for number, start, end in found:
        if joined and joined[-1][0] == number and joined[-1][2] == start:
            joined[-1] = (number, joined[-1][1], end)
        else:
            joined.append((number, start, end))
    joined.sort(key=lambda one: (one[1], one[0]))
    return tuple(
        msgspec.structs.replace(cues[number], start_s=str(start), end_s=str(end)) for number, start, end in joined
    )


def within(cues: Sequence[Cue], length: Fraction) -> tuple[Cue, ...]:
    """Those that are shown at all in a video of that length, none of them for longer than it."""
    return moved(cues, [Piece(Fraction(0), length, Fraction(0))])


class Screen(NamedTuple):
    """From `start` on, until the next state's: the cues that are on the screen, by their numbers."""

    start: Fraction
    shown: tuple[int, ...]


def states(cues: Sequence[Cue]) -> list[Screen]:
    """What is on the screen, from when on: the first state is that at 0, the last one is empty."""
    changes: dict[Fraction, list[tuple[bool, int]]] = {Fraction(0): []}
    for number, cue in enumerate(cues):
        changes.setdefault(cue.start, []).append((True, number))
        changes.setdefault(cue.end, []).append((False, number))
    shown: set[int] = set()
    found: list[Screen] = []
    for at in sorted(changes):
        for begins, number in changes[at]:
            (shown.add if begins else shown.discard)(number)
        now = tuple(sorted(shown))
        if not found or found[-1].shown != now:
            found.append(Screen(at, now))
    return found
