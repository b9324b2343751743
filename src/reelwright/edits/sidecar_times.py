"""Moments of a video that pictures are taken of, as exact, rising seconds on its time line. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from typing import Annotated

from msgspec import Meta

from reelwright.edits import timecode
from reelwright.edits.timecode import Time
from reelwright.errors import FieldError

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Found = tuple[list[Fraction], list[FieldError]]
"""The moments, or what is wrong with the request for them."""


def named(times: Sequence[Time], length: Fraction, pointer: str) -> Found:
    """Those that the client names, in the order in which they come."""
    found: dict[Fraction, int] = {}
    errors: list[FieldError] = []
    for place, time in enumerate(times):
        exact, wrong = one(time, length, f"{pointer}/{place}")
        errors += wrong
        if exact in found:
            errors.append(FieldError(f"{pointer}/{place}", f"is the same time as number {found[exact]}"))
        elif exact is not None:
            found[exact] = place
    if not times:
        errors.append(FieldError(pointer, "is empty"))
    return sorted(found), errors


def one(time: Time, length: Fraction, pointer: str) -> tuple[Fraction | None, list[FieldError]]:
    """A time before the end of the video."""
    try:
        exact = timecode.parse(time)
    except ValueError as error:
        return None, [FieldError(pointer, str(error))]
    if exact >= length:
        return None, [FieldError(pointer, f"is not before the end of the video ({timecode.show(length)})")]
    return exact, []


def every(interval_s: float, length: Fraction, pointer: str, *, most: int) -> Found:
    """The start, and so on as long as the video lasts; at most so many."""
    interval = Fraction(repr(interval_s))
    count = ceil(length / interval)
    if count > most:
        least = timecode.show(Fraction(ceil(1000 * length / most), 1000))
        return [], [FieldError(pointer, f"gives {count} pictures, {most} are made at most: every {least} or more")]
    return [number * interval for number in range(count)], []


def spread(count: int, length: Fraction) -> list[Fraction]:
    """So many, evenly, from the start on."""
    return [number * length / count for number in range(count)]


def run(start: Fraction, count: int, rate: int, length: Fraction) -> list[Fraction]:
    """So many a rate's interval apart, without those behind the end."""
    times = (start + Fraction(number, rate) for number in range(count))
    return [time for time in times if time < length]


def runs(count: int, rate: int, length: Fraction, *, parts: int) -> list[Fraction]:
    """So many in all, as short runs from the middle of each part of the video; a short video from its start to its
    end. A part is as long as its run is to the others, so that runs never overlap."""
    if Fraction(count, rate) >= length:
        return run(Fraction(0), count, rate, length)
    parts = min(parts, count)
    found: list[Fraction] = []
    for part in range(parts):
        own = count // parts + (part < count % parts)
        middle = (len(found) + Fraction(own, 2)) * length / count
        found += run(max(middle - Fraction(own, 2 * rate), Fraction(0)), own, rate, length)
    return found
