"""Which groups of frames of a made file are decoded, when not all of it is. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """So many seconds of pictures, of at most so many groups of frames (none, or two and more); the first and the last
    are among them."""

    seconds: float
    groups: int


Window = tuple[int, float]
"""The number of a group, and for how many seconds it is decoded, from its start."""


def windows(lengths_s: Sequence[float], wanted: Sample) -> list[Window]:
    """Return which of the groups of frames, by their lengths, are decoded for how long: evenly over the file, the
    first and the last among them, and the last to its end, where half of what may be decoded is enough for that."""
    if not lengths_s or not wanted.groups:
        return []
    *before, last = lengths_s
    if not before:
        return [(0, min(last, wanted.seconds))]
    at_end = min(last, wanted.seconds / 2)
    count = min(len(before), max(1, wanted.groups - 1))
    chosen = [number * len(before) // count for number in range(count)]
    most = _level([before[number] for number in chosen], wanted.seconds - at_end)
    return [*((number, min(before[number], most)) for number in chosen), (len(before), at_end)]


def _level(lengths_s: Sequence[float], wanted_s: float) -> float:
    """Return the length at which all are cut off so that `wanted_s` are left, where they are so long."""
    left_s = wanted_s
    shorter = sorted(lengths_s)
    for number, length_s in enumerate(shorter):
        even_s = left_s / (len(shorter) - number)
        if length_s >= even_s:
            return even_s
        left_s -= length_s
    return shorter[-1]
