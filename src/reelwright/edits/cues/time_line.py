"""Cues in time: moved to another time line, cut off at its ends, and what is on the screen from when on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate
from math import lcm
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
    pieces, times = list(pieces), [(cue.start, cue.end) for cue in cues]
    # in whole ticks, for they are many: exact fractions take ten times as long
    ticks = lcm(*(time.denominator for span in times for time in span), *(_denominator(piece) for piece in pieces))
    spans = sorted((_ticks(start, ticks), _ticks(end, ticks), number) for number, (start, end) in enumerate(times))
    begins = [start for start, _, _ in spans]
    ended = list(accumulate((end for _, end, _ in spans), max))  # when all of the first ones have ended
    found: list[tuple[int, Fraction, Fraction]] = []
    for piece in pieces:
        first, last, new = (_ticks(time, ticks) for time in piece[:3])
        slower, faster = piece.speed.denominator, piece.speed.numerator
        for start, end, number in spans[bisect_right(ended, first) : bisect_left(begins, last)]:
            inside = max(start, first), min(end, last)
            if inside[0] < inside[1]:
                at = [Fraction(new * faster + (one - first) * slower, ticks * faster) for one in inside]
                found.append((number, at[0], at[1]))
    found.sort()
    joined: list[tuple[int, Fraction, Fraction]] = []
    for number, begin, close in found:
        if joined and joined[-1][0] == number and joined[-1][2] == begin:
            joined[-1] = (number, joined[-1][1], close)
        else:
            joined.append((number, begin, close))
    joined.sort(key=lambda one: (one[1], one[0]))
    return tuple(
        msgspec.structs.replace(cues[number], start_s=str(start), end_s=str(end)) for number, start, end in joined
    )


def touching(cues: Iterable[Cue], piece: Piece) -> tuple[Cue, ...]:
    """The cues that are shown within a piece of their time line, but for a moment at its ends that no file tells: so
    that of very many a few are soon found."""
    start, end = float(piece.start), float(piece.end)
    return tuple(cue for cue in cues if _seconds(cue.start_s) < end and _seconds(cue.end_s) > start)


def _seconds(exact: str) -> float:
    over, _, under = exact.partition("/")
    return int(over) / int(under or 1)


def _ticks(time: Fraction, in_a_second: int) -> int:
    return time.numerator * (in_a_second // time.denominator)


def _denominator(piece: Piece) -> int:
    return lcm(piece.start.denominator, piece.end.denominator, piece.begins.denominator)


def through(first: Sequence[Piece], then: Sequence[Piece]) -> tuple[Piece, ...]:
    """Two moves as one. The pieces of the second rise and lie apart."""
    begins = [piece.start for piece in then]
    found: list[Piece] = []
    for one in first:
        end = one.begins + (one.end - one.start) / one.speed
        for other in then[max(bisect_right(begins, one.begins) - 1, 0) : bisect_left(begins, end)]:
            low, high = max(one.begins, other.start), min(end, other.end)
            if low < high:
                source = [one.start + (at - one.begins) * one.speed for at in (low, high)]
                begin = other.begins + (low - other.start) / other.speed
                found.append(Piece(source[0], source[1], begin, one.speed * other.speed))
    return tuple(found)


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
