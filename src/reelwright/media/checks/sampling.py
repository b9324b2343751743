"""How much of a made file is decoded before it is published: so much that it costs little beside making it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from reelwright.edits import effort
from reelwright.edits.plan import Plan

WHOLE_S = 5.0
"""What lasts no longer is decoded whole; of what lasts longer, at least so much is."""
SHARE = 0.06
"""Of the work of making an output, as it is estimated, that decoding it may take."""
NEARLY_ALL = 0.8
"""Where so much may be decoded, all is."""
WINDOW_S = 2.0
"""Of so many groups, each from its key frame on, that each gives so much, where they are as long."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """So many seconds of pictures, of at most so many groups of frames (none, or two and more); the first and the last
    are among them."""

    seconds: float
    groups: int


NOTHING = Sample(seconds=0.0, groups=0)
"""Of what was decoded while it was proven."""
COPIED = Sample(seconds=2 * WHOLE_S, groups=2)
"""Of pictures that are the source's own from the first to the last: making them takes no time."""

Window = tuple[int, float]
"""The number of a group, and for how many seconds it is decoded, from its start."""


def sample(plan: Plan, number: int) -> Sample | None:
    """Return how much of output `number` is decoded; None: all of it."""
    expected = plan.outputs[number]
    if plan.is_spliced:
        return NOTHING
    duration_s = float(Fraction(expected.duration_s))
    if expected.output.video is None or duration_s <= WHOLE_S:
        return None
    if expected.copied:
        return COPIED
    part = decoded_part(plan)
    if part >= NEARLY_ALL:
        return None
    seconds = max(WHOLE_S, part * duration_s)
    return Sample(seconds=seconds, groups=max(2, int(seconds / WINDOW_S)))


def decoded_part(plan: Plan) -> float:
    """Return which part of the outputs' pictures may be decoded; more than 1 where decoding all would take less."""
    making = sum(effort.SOURCE * one.width * one.height for one in plan.inputs[0].media.video[:1])
    proving = 0.0
    for expected in plan.outputs:
        if expected.output.video is None or expected.copied:
            continue
        pixels = expected.width * expected.height
        making += pixels * effort.coding(expected.output.video)
        proving += pixels * effort.DECODING[expected.output.video.codec]
    return SHARE * making / proving


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
